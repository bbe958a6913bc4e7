// remotion-py.js: makes a plain HTML page a renderable composition.
//
//   remotionPy.registerComposition({
//     id: "my-video", width: 1920, height: 1080, fps: 30, durationInFrames: 300,
//     defaultProps: { title: "Hello" },
//     calculateMetadata: async ({ props, defaultProps, compositionId }) => ({ durationInFrames: 60 }),  // optional
//     sounds: (props, config) => [{ src: "music.mp3", from: 0, volume: 0.5 }],                         // optional
//     render: (frame, props, config) => { ... },                                                       // may be async
//   });
//
// Opened in a browser by hand the page plays its first composition (or `?composition=id`) in a loop.
// It answers the same page contract as a Remotion bundle, so any renderer of that contract can render it.
(() => {
  "use strict";
  const DATE_PREFIX = "remotion-date:";
  const TIMEOUT_MARGIN = 2000;
  // A page may put functions of its own in the place of these, as code for deterministic animations does.
  const requestAnimationFrame = window.requestAnimationFrame.bind(window);
  const setTimeout = window.setTimeout.bind(window);
  const ID_PATTERN = /^[a-zA-Z0-9-\u4E00-\u9FFF]+$/;

  const compositions = new Map();
  const timers = new Map();
  const rendering = typeof window.remotion_puppeteerTimeout === "number";
  let nextHandle = 1;
  let shown = null;

  // --- props -----------------------------------------------------------------------------------------------------------

  const serialize = (props) =>
    JSON.stringify(props, function (key, value) {
      return this[key] instanceof Date ? DATE_PREFIX + this[key].toISOString() : value;
    });

  const parse = (text) =>
    JSON.parse(text || "{}", (_, value) =>
      typeof value === "string" && value.startsWith(DATE_PREFIX) ? new Date(value.slice(DATE_PREFIX.length)) : value);

  const getInputProps = () => parse(window.remotion_inputProps);

  // --- readiness -------------------------------------------------------------------------------------------------------

  window.remotion_delayRenderHandles = [];
  window.remotion_delayRenderTimeouts = {};
  window.remotion_renderReady = false;

  const updateReady = () => {
    window.remotion_renderReady = window.remotion_delayRenderHandles.length === 0;
  };

  const delayRender = (label = "unnamed", { timeoutInMilliseconds } = {}) => {
    const handle = nextHandle++;
    window.remotion_delayRenderHandles.push(handle);
    updateReady();
    if (rendering) {
      const timeout = Math.max(0, (timeoutInMilliseconds ?? window.remotion_puppeteerTimeout) - TIMEOUT_MARGIN);
      const called = new Error().stack;
      window.remotion_delayRenderTimeouts[handle] = { label, startTime: Date.now(), timeout };
      timers.set(handle, setTimeout(() => cancelRender(new Error(
        `A delayRender() "${label}" was called but not cleared after ${timeout} ms. The delayRender was called: ${called}`,
      )), timeout));
    }
    return handle;
  };

  const continueRender = (handle) => {
    window.remotion_delayRenderHandles = window.remotion_delayRenderHandles.filter((open) => open !== handle);
    delete window.remotion_delayRenderTimeouts[handle];
    clearTimeout(timers.get(handle));
    timers.delete(handle);
    updateReady();
  };

  // What a page throws may be any value; an object that is not an error says nothing as "[object Object]".
  const describeThrown = (error) => {
    if (error instanceof Error) return error.stack;
    try {
      return (typeof error === "object" && JSON.stringify(error)) || String(error);
    } catch {
      return Object.prototype.toString.call(error);
    }
  };

  const cancelRender = (error) => {
    window.remotion_cancelledError = describeThrown(error);
    throw error;
  };

  // --- compositions ----------------------------------------------------------------------------------------------------

  const refuse = (message) => { throw new Error(`remotionPy.registerComposition(): ${message}`); };

  const checkSize = (id, { width, height, fps, durationInFrames }) => {
    for (const [name, value] of Object.entries({ width, height, durationInFrames })) {
      if (!Number.isInteger(value) || value <= 0) {
        refuse(`${name} of composition "${id}" must be a positive whole number, but is ${value}.`);
      }
    }
    if (!Number.isFinite(fps) || fps <= 0) refuse(`fps of composition "${id}" must be a positive number, but is ${fps}.`);
  };

  const registerComposition = (composition) => {
    const { id, render } = composition;
    if (!ID_PATTERN.test(id ?? "")) refuse(`the id "${id}" may hold letters, digits and dashes only.`);
    if (compositions.has(id)) refuse(`there is a composition "${id}" already.`);
    if (typeof render !== "function") refuse(`composition "${id}" needs a function render(frame, props, config).`);
    if (!composition.calculateMetadata) checkSize(id, composition);
    compositions.set(id, { defaultProps: {}, ...composition });
  };

  const find = (id) => {
    const found = compositions.get(id);
    if (!found) {
      const available = [...compositions.keys()].join(", ");
      throw new Error(`Could not find composition with ID ${id}. Available compositions: ${available}`);
    }
    return found;
  };

  const resolve = async (composition) => {
    const { id, defaultProps, calculateMetadata } = composition;
    const props = { ...defaultProps, ...getInputProps() };
    const metadata = (await calculateMetadata?.({
      props, defaultProps, compositionId: id, isRendering: rendering, abortSignal: new AbortController().signal,
    })) ?? {};
    const size = {};
    for (const name of ["width", "height", "fps", "durationInFrames"]) size[name] = metadata[name] ?? composition[name];
    checkSize(id, size);
    return { composition, size, metadata, props: metadata.props ?? props };
  };

  const describe = ({ composition, size, metadata, props }) => ({
    id: composition.id,
    ...size,
    defaultCodec: metadata.defaultCodec ?? null,
    defaultOutName: metadata.defaultOutName ?? null,
    defaultVideoImageFormat: metadata.defaultVideoImageFormat ?? null,
    defaultPixelFormat: metadata.defaultPixelFormat ?? null,
    defaultProResProfile: metadata.defaultProResProfile ?? null,
    defaultSampleRate: metadata.defaultSampleRate ?? null,
    serializedResolvedPropsWithCustomSchema: serialize(props),
    serializedDefaultPropsWithCustomSchema: serialize(composition.defaultProps),
  });

  // --- frames ----------------------------------------------------------------------------------------------------------

  const draw = async (frame) => {
    const { composition, props, config } = shown;
    await composition.render(frame, props, config);
  };

  let assets = [];

  // What is heard at a frame, by the same objects as a Remotion bundle names (design/page-contract.md 6.1).
  const hear = (frame) => {
    const { composition, props, config } = shown;
    const listed = typeof composition.sounds === "function" ? composition.sounds(props, config) : composition.sounds;
    (listed ?? []).forEach((sound, index) => {
      if (typeof sound.src !== "string") refuse(`sound ${index} of composition "${config.id}" needs a src.`);
      const { from = 0, durationInFrames = Infinity, trimBefore = 0, playbackRate = 1, toneFrequency = 1 } = sound;
      const local = frame - from;
      if (local < 0 || local >= durationInFrames) return;
      const volume = typeof sound.volume === "function" ? sound.volume(local) : sound.volume ?? 1;
      if (typeof volume !== "number" || Number.isNaN(volume)) {
        refuse(`volume of sound ${index} of composition "${config.id}" must be a number, but is ${volume} at frame ${frame}.`);
      }
      if (volume <= 0) return;
      assets.push({
        type: "audio", id: `sound-${index}`, src: new URL(sound.src, document.baseURI).href, frame, volume,
        mediaFrame: local + trimBefore, audioStartFrame: trimBefore, playbackRate, toneFrequency, audioStreamIndex: 0,
      });
    });
  };

  const collectAssets = () => {
    const collected = assets;
    assets = [];
    return collected;
  };

  const setFrame = (frame, id, attempt = 1) => {
    window.remotion_attempt = attempt;
    if (!shown || shown.config.id !== id) return;
    const clamped = Math.max(0, Math.min(frame, shown.config.durationInFrames - 1));
    const handle = delayRender(`render() of frame ${clamped}`);
    assets = [];
    if (window.remotion_audioEnabled) hear(clamped);
    draw(clamped).then(
      () => requestAnimationFrame(() => continueRender(handle)),
      (error) => {
        if (window.remotion_cancelledError !== undefined) return; // by cancelRender(), which throws too
        window.remotionPyThrew = true;
        window.remotion_cancelledError = describeThrown(error);
      },
    );
  };

  const setBundleMode = (mode) => {
    if (mode.type !== "composition") return;
    const composition = find(mode.compositionName);
    shown = {
      composition,
      props: parse(mode.serializedResolvedPropsWithSchema),
      config: {
        id: composition.id,
        width: mode.compositionWidth,
        height: mode.compositionHeight,
        fps: mode.compositionFps,
        durationInFrames: mode.compositionDurationInFrames,
      },
    };
    setFrame(window.remotion_initialFrame ?? 0, composition.id, window.remotion_attempt);
  };

  // --- the page contract -----------------------------------------------------------------------------------------------

  Object.assign(window, {
    siteVersion: "11",
    remotion_version: "4.0.527",
    remotion_isPlayer: false,
    remotion_imported: "remotion-py",
    remotion_getCompositionNames: () => [...compositions.keys()],
    getStaticCompositions: async () => (await Promise.all([...compositions.values()].map(resolve))).map(describe),
    remotion_calculateComposition: async (id) => describe(await resolve(find(id))),
    remotion_setBundleMode: setBundleMode,
    remotion_setFrame: setFrame,
    remotion_collectAssets: collectAssets,
  });

  window.remotionPy = Object.freeze({
    registerComposition, delayRender, continueRender, cancelRender, getInputProps, isRendering: rendering,
  });

  // --- opened by hand: play --------------------------------------------------------------------------------------------

  const play = async () => {
    const asked = new URLSearchParams(location.search).get("composition");
    const composition = asked ? find(asked) : compositions.values().next().value;
    if (!composition) return;
    const { size, props } = await resolve(composition);
    shown = { composition, props, config: { id: composition.id, ...size } };
    const fit = () => {
      document.documentElement.style.zoom = Math.min(innerWidth / size.width, innerHeight / size.height, 1);
    };
    addEventListener("resize", fit);
    fit();
    const started = performance.now();
    const tick = async (now) => {
      await draw(Math.floor(((Math.max(0, now - started)) / 1000) * size.fps) % size.durationInFrames);
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  };

  addEventListener("load", () => {
    updateReady();
    if (!rendering) play();
  });
})();
