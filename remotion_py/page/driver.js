// Runs before a page's own scripts. `__SETTINGS__` is replaced by a JSON object (page contract 1.3).
(() => {
  const settings = __SETTINGS__;
  const own = { cancelled: () => window.remotion_cancelledError };
  own.givenUp = () => ({ state: window.remotionPyThrew ? "threw" : "cancelled", text: String(own.cancelled()) });

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

  // Chromium loses a request for a video's frame that comes after the frame, as when a page seeks first and asks then; so
  // every seek is preceded by a request, which the page's own joins.
  const time = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, "currentTime");
  Object.defineProperty(HTMLMediaElement.prototype, "currentTime", {
    ...time,
    set(seconds) {
      if (this instanceof HTMLVideoElement) this.requestVideoFrameCallback(() => {});
      time.set.call(this, seconds);
    },
  });

  own.handles = () => Object.values(window.remotion_delayRenderTimeouts ?? {}).map((handle) => handle.label ?? "");

  const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve));

  // React renders and runs its effects in tasks of its own, which a frame on demand may come before. A background task
  // has its turn when no other task is waiting, so React is done then; the limit is for pages that are never idle.
  const idle = () =>
    new Promise((resolve) => {
      setTimeout(resolve, 500);
      window.scheduler ? window.scheduler.postTask(resolve, { priority: "background" }) : setTimeout(resolve, 10);
    });

  own.ready = async () => {
    for (;;) {
      if (own.cancelled() !== undefined) return own.givenUp();
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
    // React mounts a composition in several commits, and a page is ready before the first one and between two (measured).
    for (let still = 0; ; ) {
      await idle();
      const answer = await own.ready();
      if (answer.state !== "ready" || still === 3) return answer;
      await nextFrame();
      still = window.remotion_setFrame && window.remotion_renderReady ? still + 1 : 0;
    }
  };

  // Samples travel as base64: as an array of numbers they take 24 times as long (page contract 6.6).
  const packed = (asset) => {
    if (asset.type !== "inline-audio") return asset;
    const bytes = new Uint8Array(Int16Array.from(asset.audio).buffer);
    let text = "";
    for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
    return { ...asset, audio: btoa(text) };
  };

  const reloaded = new WeakSet();
  document.addEventListener("loadstart", (event) => reloaded.add(event.target), true);
  let inSight = new Set();
  let appeared = [];
  const isInSight = (video) => {
    const { left, right, top, bottom } = video.getBoundingClientRect();
    const within = right > 0 && bottom > 0 && left < innerWidth && top < innerHeight && left < right && top < bottom;
    return within && video.readyState >= 2 && video.checkVisibility({ visibilityProperty: true });
  };
  const lookForVideos = () => {
    const before = inSight;
    inSight = new Set([...document.querySelectorAll("video")].filter(isInSight));
    appeared = [...inSight].filter((video) => !before.has(video) || reloaded.has(video));
    for (const video of appeared) reloaded.delete(video);
    return appeared.length > 0 ? "appear" : inSight.size > 0 ? "shown" : "none";
  };

  // A video hands its pictures to the display by a thread of its own, which begins once the video has been drawn. A seek
  // away and back sends the same picture again, and its callback comes back through that thread.
  const present = (video) =>
    new Promise((resolve) => {
      if (!video.seekable.length) return resolve();
      setTimeout(resolve, 2000); // a video may be reloaded meanwhile
      const there = video.currentTime;
      video.currentTime = Math.abs(there - 1e-6);
      video.addEventListener("seeked", () => {
        video.requestVideoFrameCallback(resolve);
        video.currentTime = there;
      }, { once: true });
    });
  own.present = () => Promise.all(appeared.map(present)).then(() => null);

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
    if (own.cancelled() !== undefined) return own.givenUp();
    return { state: "ready", videos: lookForVideos(), assets };
  };

  Object.defineProperty(window, "remotionPyDriver", { value: Object.freeze(own) });
})();
