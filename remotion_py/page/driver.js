// Runs before a page's own scripts. `__SETTINGS__` is replaced by a JSON object (page contract 1.3).
(() => {
  const settings = __SETTINGS__;
  const own = { cancelled: () => window.remotion_cancelledError };

  window.process = window.process ?? { env: {} };
  window.process.env = { ...window.process.env, NODE_ENV: "production" };
  window.remotion_puppeteerTimeout = settings.timeout;
  window.remotion_inputProps = settings.inputProps;
  window.remotion_envVariables = JSON.stringify(settings.envVariables);
  window.remotion_initialFrame = settings.initialFrame;
  window.remotion_attempt = settings.attempt;
  window.remotion_proxyPort = settings.proxyPort;
  window.remotion_logLevel = settings.logLevel;
  window.remotion_isMainTab = true;

  // index.html of a bundle sets these again, so they are set once more after it has loaded (page contract 1.4).
  own.afterLoad = () => {
    window.remotion_audioEnabled = false;
    window.remotion_videoEnabled = true;
    window.remotion_sampleRate = 48000;
  };
  own.afterLoad();

  for (const name of ["alert", "confirm", "prompt"]) {
    window[name] = (text) => {
      window.remotion_cancelledError = new Error(`${name}(${JSON.stringify(text)}) was called, but nobody sees it while rendering`).stack;
    };
  }

  own.handles = () => Object.values(window.remotion_delayRenderTimeouts ?? {}).map((handle) => handle.label ?? "");

  const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve));

  own.ready = async () => {
    for (;;) {
      if (own.cancelled() !== undefined) return { state: "cancelled", text: String(own.cancelled()) };
      if (window.remotion_renderReady === true) return { state: "ready" };
      await nextFrame();
    }
  };

  const names = () => {
    try {
      return window.remotion_getCompositionNames().join("\n");
    } catch {
      return ""; // a bundle has no list before its root is mounted
    }
  };

  // A bundle is ready two commits before its compositions are registered (measured), so wait until their list stands still.
  own.evaluate = async () => {
    window.remotion_setBundleMode({ type: "evaluation" });
    let answer = await own.ready();
    let last = names();
    for (let still = 0, frame = 0; answer.state === "ready" && still < 3 && frame < 60; frame++) {
      await nextFrame();
      answer = await own.ready();
      still = last && names() === last ? still + 1 : 0;
      last = names();
    }
    return { ...answer, names: last ? last.split("\n") : [] };
  };

  own.enter = async (mode) => {
    window.remotion_setBundleMode(mode);
    return own.ready();
  };

  own.seek = async (frame, id, attempt, background) => {
    document.body.style.background = background;
    window.remotion_setFrame(frame, id, attempt);
    const answer = await own.ready();
    if (answer.state !== "ready") return answer;
    await document.fonts.ready;
    // The list of assets grows with every frame unless it is collected.
    window.remotion_collectAssets?.();
    if (own.cancelled() !== undefined) return { state: "cancelled", text: String(own.cancelled()) };
    return { state: "ready", video: document.querySelector("video") !== null };
  };

  Object.defineProperty(window, "remotionPyDriver", { value: Object.freeze(own) });
})();
