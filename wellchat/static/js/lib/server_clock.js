/* The server's clock: days turn and limits end by it, whatever the device's own clock says. */

const NOISE = 2000; // ms: an answer tells whole seconds, and is on its way for a while

export class ServerClock {
  #ahead = 0; // ms

  constructor({ device = Date.now } = {}) {
    this.device = device;
  }

  now = () => this.of(this.device());

  /** Returns the server's time at a moment of the device's clock; both in ms. */
  of = (moment) => moment + this.#ahead;

  /** Takes the server's time of a moment ago, in ms. */
  set = (time) => {
    const ahead = time - this.device();
    if (Math.abs(ahead - this.#ahead) > NOISE) this.#ahead = ahead; // never for NaN
  };
}
