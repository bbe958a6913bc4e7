// Runs before a page's own scripts. `__SETTINGS__` is replaced by a JSON object (design/page-contract.md 1.3).
(() => {
  const settings = __SETTINGS__;
  // A page may put functions of its own in the place of these, as code for deterministic animations does.
  const requestAnimationFrame = window.requestAnimationFrame.bind(window);
  const setTimeout = window.setTimeout.bind(window);
  const now = performance.now.bind(performance);
  const postTask = window.scheduler?.postTask.bind(window.scheduler);
  const querySelectorAll = (root, selector) =>
    (root instanceof Document ? Document : DocumentFragment).prototype.querySelectorAll.call(root, selector);
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

  // index.html of a bundle sets these again, so they are set once more before a composition is mounted (design/page-contract.md 1.4).
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
  // every seek is preceded by a request, which the page's own joins. And it fires "seeked" before drawImage() gets the
  // new picture, so the event waits for that request.
  const SEEKED_LIMIT = 500;
  const seeks = new WeakMap();
  const timestamp = (video) => {
    try {
      const picture = new VideoFrame(video);
      picture.close();
      return picture.timestamp;
    } catch {
      return null; // no picture yet, or one of another origin
    }
  };
  const beginSeek = (video) => {
    if (!seeks.has(video)) video.addEventListener("seeked", holdSeeked, { capture: true });
    const seek = { before: timestamp(video), arrived: false, release: null };
    seeks.set(video, seek);
    video.requestVideoFrameCallback(() => {
      seek.arrived = true;
      seek.release?.();
    });
  };
  const holdSeeked = (event) => {
    const video = event.target;
    const seek = seeks.get(video);
    if (!event.isTrusted || seek.arrived) return;
    const now = timestamp(video);
    if (now !== null && now !== seek.before) return;
    event.stopImmediatePropagation();
    seek.release = () => {
      seek.release = null;
      video.dispatchEvent(new Event("seeked"));
    };
    setTimeout(() => seek.release?.(), SEEKED_LIMIT); // a video may be reloaded meanwhile
  };
  const time = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, "currentTime");
  Object.defineProperty(HTMLMediaElement.prototype, "currentTime", {
    ...time,
    set(seconds) {
      if (this instanceof HTMLVideoElement) beginSeek(this);
      time.set.call(this, seconds);
    },
  });

  // A page that asks for drawElementImage() in vain is shown by the lookup alone; `in` and typeof answer as they would.
  let askedForHtml = false;
  own.askedForHtml = () => askedForHtml;
  const contexts = CanvasRenderingContext2D.prototype;
  if (!("drawElementImage" in contexts)) {
    const look = (find) => (target, key, ...rest) => {
      askedForHtml ||= key === "drawElementImage";
      return find(target, key, ...rest);
    };
    const between = Object.create(Object.getPrototypeOf(contexts));
    Object.setPrototypeOf(contexts, new Proxy(between, { get: look(Reflect.get), has: look(Reflect.has) }));
  }

  // Elements of this document and of its shadow trees.
  const shadows = [];
  const attachShadow = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function (init) {
    const root = attachShadow.call(this, init);
    shadows.push(new WeakRef(root));
    return root;
  };
  const all = (selector) => {
    const roots = shadows.map((reference) => reference.deref()).filter((root) => root?.isConnected);
    return [document, ...roots].flatMap((root) => [...querySelectorAll(root, selector)]);
  };

  // The drivers of this page and of its frames; those of other origins are out of reach.
  const drivers = () => {
    const found = [own];
    for (let index = 0; index < window.length; index++) {
      try {
        found.push(...(window[index].remotionPyDriver?.drivers() ?? []));
      } catch {
        // of another origin
      }
    }
    return found;
  };
  own.drivers = drivers;

  own.handles = () => Object.values(window.remotion_delayRenderTimeouts ?? {}).map((handle) => handle.label ?? "");

  const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve));

  // React renders and runs its effects in tasks of its own, which a frame on demand may come before. A background task
  // has its turn when no other task is waiting, so React is done then; the limit is for pages that are never idle.
  const idle = () =>
    new Promise((resolve) => {
      setTimeout(resolve, 500);
      postTask ? postTask(resolve, { priority: "background" }) : setTimeout(resolve, 10);
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

  // Samples travel as base64: as an array of numbers they take 24 times as long (design/page-contract.md 6.6).
  const packed = (asset) => {
    if (asset.type !== "inline-audio") return asset;
    const bytes = new Uint8Array(Int16Array.from(asset.audio).buffer);
    let text = "";
    for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
    return { ...asset, audio: btoa(text) };
  };

  const isInView = (element) => {
    const { left, right, top, bottom } = element.getBoundingClientRect();
    return right > 0 && bottom > 0 && left < innerWidth && top < innerHeight && left < right && top < bottom;
  };

  // Videos and transferred canvases have a connection of their own to the display: they are surfaces.
  const transferred = [];
  const transfer = HTMLCanvasElement.prototype.transferControlToOffscreen;
  HTMLCanvasElement.prototype.transferControlToOffscreen = function () {
    const offscreen = transfer.call(this);
    transferred.push(new WeakRef(this));
    return offscreen;
  };
  let webgl = false;
  own.hasWebgl = () => webgl;
  for (const canvas of [HTMLCanvasElement, OffscreenCanvas]) {
    const getContext = canvas.prototype.getContext;
    canvas.prototype.getContext = function (type, ...rest) {
      webgl ||= /^(experimental-)?webg/.test(type);
      return getContext.call(this, type, ...rest);
    };
  }
  const isInSight = (element) => isInView(element) && element.checkVisibility({ visibilityProperty: true });
  const videos = () => all("video").filter((video) => video.readyState >= 2 && isInSight(video));
  const canvases = () =>
    transferred.map((reference) => reference.deref()).filter((canvas) => canvas?.isConnected && isInSight(canvas));
  own.hasSurfaces = () => videos().length > 0 || canvases().length > 0;

  // Videos that load or seek, frames that load, and stylesheets that have not been applied, also where the page does not
  // wait for them. What does not get there, as a live stream, is drawn as it is.
  const UNDERWAY_LIMIT = 5000;
  const abandoned = new WeakSet();
  // A video's network state is "no source" before its loading starts, and "idle" once all of it is downloaded, which a
  // short file is before its first picture is decoded (measured): neither says that no picture will come.
  const refused = new WeakSet(); // videos whose <source> failed; between two of them the state is "loading"
  document.addEventListener("error", ({ target }) => {
    if (target.localName === "source" && target.parentElement) refused.add(target.parentElement);
    if (target.localName === "link") abandoned.add(target);
  }, true);
  document.addEventListener("loadstart", ({ target }) => refused.delete(target), true);
  const isUnderway = (video) => {
    if (video.seeking || video.readyState >= 2) return video.seeking;
    switch (video.networkState) {
      case HTMLMediaElement.NETWORK_EMPTY: return false;
      case HTMLMediaElement.NETWORK_NO_SOURCE: return !video.error && !refused.has(video);
      case HTMLMediaElement.NETWORK_IDLE: return video.preload !== "none" || !video.paused;
      default: return true;
    }
  };
  const isLoading = (frame) => {
    const inner = frame.contentDocument; // null for one of another origin
    const begins = inner?.URL === "about:blank" && !frame.srcdoc && frame.src && frame.src !== "about:blank";
    return Boolean(inner && (begins || inner.readyState !== "complete"));
  };
  const isUnapplied = (link) => !link.sheet && !link.disabled && link.href && /^(text\/css)?$/i.test(link.type);
  own.awaitInner = async () => {
    const underway = () =>
      [...[...all("video").filter(isUnderway), ...all("iframe").filter(isLoading)].filter(isInSight),
        ...all("link[rel~=stylesheet i]").filter(isUnapplied)].filter((element) => !abandoned.has(element));
    for (const end = now() + UNDERWAY_LIMIT; now() < end; await nextFrame()) if (underway().length === 0) return;
    for (const element of underway()) abandoned.add(element);
  };

  let hidden = [];
  const hide = (elements) => {
    hidden = elements.map((element) =>
      element.animate({ visibility: ["hidden", "hidden"] }, { duration: 1, fill: "both" }));
  };
  // A video that comes back into sight hands over its newest picture, whatever became of the ones before.
  own.hideVideos = () => hide(videos());
  own.show = () => {
    for (const animation of hidden) animation.cancel();
    hidden = [];
  };
  // One that has just been connected may not be in the picture yet.
  const connected = new WeakSet();
  document.addEventListener("loadstart", (event) => connected.delete(event.target), true);
  own.hideNewSurface = () => {
    const found = [...videos(), ...canvases()].find((surface) => !connected.has(surface));
    if (!found) return false;
    connected.add(found);
    hide([found]);
    return true;
  };

  // Asking for the layout starts the requests of backgrounds, which the page's frames would start.
  const ROUNDS = 4; // a page may change its images all the time
  const decoded = new WeakMap();
  const decode = (image) => image.decode().catch(() => {}); // a broken one is shown as broken
  own.decodeImages = async () => {
    void document.documentElement?.offsetHeight;
    const isComing = (image) => !image.complete && (image.loading !== "lazy" || isInView(image));
    for (let round = 0; round < ROUNDS; round++) {
      const coming = all("img").filter(isComing);
      if (coming.length === 0) break;
      await Promise.all(coming.map(decode));
      await nextFrame();
    }
    const changed = all("image").filter((image) => decoded.get(image) !== image.href?.baseVal);
    for (const image of changed) decoded.set(image, image.href?.baseVal);
    await Promise.all(changed.map((image) => (image.decode ? decode(image) : null)));
  };

  own.settle = async () => {
    do {
      await idle();
      const answer = await own.ready();
      if (answer.state !== "ready") return answer;
      await document.fonts.ready;
      await Promise.all(drivers().flatMap((driver) => [driver.decodeImages(), driver.awaitInner()]));
      await idle();
    } while (window.remotion_renderReady !== true);
    const any = (test) => drivers().some(test);
    const careful = window.length > 0 || any((driver) => driver.hasWebgl());
    return { state: "ready", surfaces: any((driver) => driver.hasSurfaces()), careful };
  };

  own.seek = async (frame, id, attempt, background) => {
    if (background !== null) document.body.style.background = background;
    window.remotion_setFrame(frame, id, attempt);
    const answer = await own.settle();
    if (answer.state !== "ready") return answer;
    // Collecting empties the list of assets, which grows with every frame otherwise.
    const assets = (window.remotion_collectAssets?.() ?? []).map(packed);
    if (own.cancelled() !== undefined) return own.givenUp();
    return { ...answer, assets };
  };

  Object.defineProperty(window, "remotionPyDriver", { value: Object.freeze(own) });
})();
