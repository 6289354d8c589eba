/* Records a voice message in the composer. Nothing asks for the microphone before the button is pressed. A press starts
   and another one stops; a button that is held records until it is let go. It is listened to before it is sent. */

import { part, write } from "./dom.js";
import { playTime } from "./files.js";
import { t } from "./i18n.js";
import { peaksOf } from "./peaks.js";

const KINDS = [["audio/webm;codecs=opus", "weba"], ["audio/mp4", "m4a"], ["audio/ogg;codecs=opus", "ogg"]];
const HELD = 600; // ms after which a press is a hold
const LONGEST = 10 * 60_000; // ms

export class Recorder {
  #recording = null; // MediaRecorder
  #pressedAt = 0;
  #audio = new Audio();

  constructor(form, app, add) {
    Object.assign(this, { form, app, add, button: part(form, "record"), state: "idle" });
    const names = { cancel: () => this.#end(), stop: () => this.#stop(), use: () => this.#use(), play: () => this.#listen() };
    for (const [name, act] of Object.entries(names)) this.#part(name).addEventListener("click", act);
    part(form, "recorder").addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.#end();
    });
    for (const sign of ["play", "pause", "ended"]) this.#audio.addEventListener(sign, () => this.#markListening());
    this.#audio.addEventListener("timeupdate", () => this.#showTime(this.#audio.currentTime * 1000));
    window.addEventListener("pagehide", () => this.#end());
  }

  pointerdown(event) {
    if (event.button || this.state !== "idle") return;
    this.#pressedAt = event.timeStamp;
    this.#begin();
  }

  /* It comes after a press, and alone from the keyboard. */
  click(event) {
    const held = this.#pressedAt && event.timeStamp - this.#pressedAt > HELD;
    const pressed = this.#pressedAt;
    this.#pressedAt = 0;
    if (this.state === "recording" && (held || !pressed)) this.#stop();
    else if (this.state === "idle" && !pressed) this.#begin();
  }

  async #begin() {
    this.state = "asking";
    write(part(this.form, "problem"), "");
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch (error) {
      this.state = "idle";
      const none = error.name === "NotFoundError";
      return write(part(this.form, "problem"), none ? t("No microphone was found.") : t("The browser does not let this page use the microphone. Allow it in the settings of the page."));
    }
    [this.type, this.ending] = KINDS.find(([kind]) => MediaRecorder.isTypeSupported(kind)) ?? ["", "weba"];
    const pieces = [];
    this.#recording = new MediaRecorder(stream, this.type ? { mimeType: this.type, audioBitsPerSecond: 32_000 } : {});
    this.#recording.addEventListener("dataavailable", ({ data }) => pieces.push(data));
    this.#recording.addEventListener("stop", () => {
      stream.getTracks().forEach((track) => track.stop());
      if (this.state === "stopping") this.#review(new Blob(pieces, { type: this.type }));
    });
    this.#recording.start();
    this.startedAt = performance.now();
    this.#show("recording");
    this.#part("stop").focus();
    this.app.announce(t("Recording"));
    this.clock = setInterval(() => {
      const lasted = performance.now() - this.startedAt;
      this.#showTime(lasted);
      if (lasted > LONGEST) this.#stop();
    }, 250);
  }

  #stop() {
    if (this.state !== "recording") return;
    this.lasted = performance.now() - this.startedAt;
    clearInterval(this.clock);
    this.state = "stopping";
    this.#recording.stop();
  }

  async #review(blob) {
    const name = `${part(this.form, "recorder").dataset.name} ${new Date().toISOString().slice(0, 16).replace("T", " ").replace(":", ".")}.${this.ending}`;
    this.file = Object.assign(new File([blob], name, { type: this.type.split(";")[0] }), { peaks: await peaksOf(blob) });
    if (this.state !== "stopping") return; // deleted meanwhile
    this.#audio.src = URL.createObjectURL(blob);
    const alone = !this.form.elements.body.value.trim();
    this.#part("use").textContent = alone ? t("Use the recording") : t("Add the recording");
    this.#show("review");
    this.#showTime(this.lasted);
    this.#part("use").focus();
    this.app.announce(t("Recorded. Listen to it, send it or delete it."));
  }

  async #use() {
    const { file } = this;
    if (this.state !== "review") return;
    this.#end();
    const alone = !this.form.elements.body.value.trim();
    await this.add([file]);
    if (alone) this.form.requestSubmit(); // it waits for the upload
  }

  #listen() {
    if (this.#audio.paused) this.#audio.play().catch(() => {});
    else this.#audio.pause();
  }

  #markListening() {
    const on = !this.#audio.paused && !this.#audio.ended;
    this.#part("play").setAttribute("aria-pressed", String(on));
    if (this.#audio.ended) this.#showTime(this.lasted);
  }

  #end() {
    if (this.state === "idle") return;
    this.state = "idle";
    clearInterval(this.clock);
    if (this.#recording?.state === "recording") this.#recording.stop();
    this.#audio.pause();
    if (this.#audio.src) URL.revokeObjectURL(this.#audio.src);
    this.#audio.removeAttribute("src");
    this.file = null;
    part(this.form, "recorder").hidden = true;
    this.button.focus();
  }

  #show(state) {
    this.state = state;
    const recording = state === "recording";
    part(this.form, "recorder").hidden = false;
    for (const name of ["stop", "light"]) this.#part(name).hidden = !recording;
    for (const name of ["use", "play"]) this.#part(name).hidden = recording;
    this.#part("words").textContent = recording ? t("Recording") : "";
  }

  #showTime(ms) {
    this.#part("time").textContent = playTime(ms, 0);
  }

  #part(name) {
    return part(this.form, `recorder-${name}`);
  }
}
