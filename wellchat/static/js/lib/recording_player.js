/* Plays a recording in its message: pause, a place by mouse or keys, and three speeds. One plays at a time. */

import { part } from "./dom.js";
import { playTime } from "./files.js";
import { t } from "./i18n.js";
import { frame } from "./surroundings.js";

const SPEEDS = [1, 1.5, 2];
const players = new WeakMap(); // .recording -> Player
let playing = null;

/** Starts or stops the recording of this element. */
export function toggle(box) {
  if (!players.has(box)) players.set(box, new Player(box));
  players.get(box).toggle();
}

class Player {
  constructor(box) {
    Object.assign(this, { box, play: part(box, "play"), about: part(box, "about"), audio: new Audio() });
    this.audio.preload = "metadata";
    this.range = Object.assign(document.createElement("input"), { type: "range", className: "recording__range", min: 0, max: 1000, step: 1, value: 0 });
    this.range.setAttribute("aria-label", t("Position in %(name)s", { name: box.dataset.name }));
    this.range.addEventListener("input", () => this.#seek());
    this.speed = Object.assign(document.createElement("button"), { type: "button", className: "recording__speed" });
    this.speed.addEventListener("click", () => this.#faster());
    part(box, "track").append(this.range);
    this.about.after(this.speed);
    this.#setSpeed(1);
    for (const sign of ["play", "pause", "ended"]) this.audio.addEventListener(sign, () => this.#mark());
    for (const sign of ["timeupdate", "seeked", "durationchange"]) this.audio.addEventListener(sign, () => this.#draw());
    this.audio.addEventListener("error", () => (this.about.textContent = t("This recording cannot be played here. You can download it.")));
  }

  async toggle() {
    if (!this.audio.paused) return this.audio.pause();
    if (playing !== this) playing?.audio.pause();
    playing = this;
    this.audio.src ||= frame ? await frame.picture(part(this.box, "get").href) : part(this.box, "get").href;
    await this.audio.play().catch(() => {}); // the element tells of an error itself
  }

  /* In seconds. The server knows it even where the file does not say. */
  get duration() {
    return Number.isFinite(this.audio.duration) ? this.audio.duration : Number(this.box.dataset.duration) / 1000 || 0;
  }

  #seek() {
    this.audio.currentTime = (this.range.value / 1000) * this.duration;
    this.#draw();
  }

  #faster() {
    this.#setSpeed(SPEEDS[(SPEEDS.indexOf(this.audio.playbackRate) + 1) % SPEEDS.length]);
  }

  #setSpeed(rate) {
    this.audio.playbackRate = rate;
    this.speed.textContent = `${rate.toLocaleString()}×`;
    this.speed.setAttribute("aria-label", t("Speed: %(rate)s times", { rate }));
  }

  #mark() {
    const { paused, ended } = this.audio;
    this.box.classList.toggle("recording--playing", !paused && !ended);
    const name = this.box.dataset.name;
    this.play.setAttribute("aria-label", paused || ended ? t("Play %(name)s", { name }) : t("Pause %(name)s", { name }));
    this.#draw();
  }

  #draw() {
    const { currentTime, ended } = this.audio;
    const at = ended ? 0 : currentTime;
    const share = this.duration ? Math.min(1, at / this.duration) : 0;
    this.range.value = Math.round(share * 1000);
    const [now, whole] = [playTime(at * 1000, 0), playTime(this.duration * 1000)];
    this.range.setAttribute("aria-valuetext", t("%(now)s of %(whole)s", { now, whole }));
    this.about.textContent = at ? `${now} / ${whole}` : whole;
  }
}
