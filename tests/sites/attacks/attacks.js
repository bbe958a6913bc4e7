// A page that answers what a page should not: each attack replaces one answer of the page contract. The input props say
// which: `metadata` is merged over the composition's description, `assets` are those of frame 1, `run` is code for frame 1.
const attack = JSON.parse(window.remotion_inputProps || "{}");

remotionPy.registerComposition({
  id: "x",
  width: 320,
  height: 180,
  fps: 30,
  durationInFrames: 4,
  sounds: () => (attack.sounds ? new Function(`return ${attack.sounds}`)() : []),
  render(frame) {
    document.body.innerHTML = `<div style="background: teal; height: 180px">${frame}</div>`;
    if (frame === 1 && attack.run) new Function(attack.run)();
    now = frame;
  },
});

let now = 0;
const calculate = window.remotion_calculateComposition;
window.remotion_calculateComposition = async (id) => ({ ...(await calculate(id)), ...attack.metadata });

const mount = window.remotion_setBundleMode;
window.remotion_setBundleMode = (mode) =>
  mount(mode.type === "composition" ? { ...mode, compositionName: "x" } : mode);

const show = window.remotion_setFrame;
window.remotion_setFrame = (frame, id, attempt) => show(frame, "x", attempt);

if ("assets" in attack) window.remotion_collectAssets = () => (now === 1 ? attack.assets : []);
if (attack.names) window.remotion_getCompositionNames = () => attack.names;
