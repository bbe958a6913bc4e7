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

  // index.html of a bundle sets these again, so they are set once more before a composition is mounted (page contract 1.4).
  const setMedia = ({ audio, video, sampleRate }) => {
    window.remotion_audioEnabled = audio;
    window.remotion_videoEnabled = video;
    window.remotion_sampleRate = sampleRate;
  };
  setMedia({ audio: false, video: true, sampleRate: 48000 });

  for (const name of ["alert", "confirm", "prompt"]) {
    window[name] = (text) => {
      window.remotion_cancelledError = new Error(`${name}(${JSON.stringify(text)}) was called, but nobody sees it while rendering`).stack;
    };
  }

  own.handles = () => Object.values(window.remotion_delayRenderTimeouts ?? {}).map((handle) => handle.label ?? "");

  const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve));

  // React renders and runs its effects in tasks of its own, which a frame on demand may come before. A background task
  // has its turn when no other task is waiting, so React is done then; the limit is for pages that are never idle.
  const idle = () =>
    new Promise((resolve) => {
      setTimeout(resolve, 100);
      window.scheduler ? window.scheduler.postTask(resolve, { priority: "background" }) : setTimeout(resolve, 10);
    });

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

  own.enter = async (mode, media) => {
    setMedia(media);
    window.remotion_setBundleMode(mode);
    return own.ready();
  };

  // Samples travel as base64: as an array of numbers they take 24 times as long (page contract 6.6).
  const packed = (asset) => {
    if (asset.type !== "inline-audio") return asset;
    const bytes = new Uint8Array(Int16Array.from(asset.audio).buffer);
    let text = "";
    for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
    return { ...asset, audio: btoa(text) };
  };

  own.seek = async (frame, id, attempt, background) => {
    document.body.style.background = background;
    window.remotion_setFrame(frame, id, attempt);
    do {
      await idle();
      const answer = await own.ready();
      if (answer.state !== "ready") return answer;
      await document.fonts.ready;
      await idle();
    } while (window.remotion_renderReady !== true);
    // Collecting empties the list of assets, which grows with every frame otherwise.
    const assets = (window.remotion_collectAssets?.() ?? []).map(packed);
    if (own.cancelled() !== undefined) return { state: "cancelled", text: String(own.cancelled()) };
    return { state: "ready", video: document.querySelector("video") !== null, assets };
  };

  Object.defineProperty(window, "remotionPyDriver", { value: Object.freeze(own) });
})();
