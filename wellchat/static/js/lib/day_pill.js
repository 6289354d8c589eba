/* The name of a day sticks to the upper edge while the log moves. At rest it would lie on words, so it goes. */

const REST = 900; // ms without movement

/** `box` holds the days; a name that stands where it belongs stays. */
export function restDays(log, box) {
  let timer = null;
  const passed = (day) => {
    const name = day.querySelector(".day__name");
    const below = name.getBoundingClientRect().top - day.getBoundingClientRect().top;
    return below > Number.parseFloat(getComputedStyle(name).marginTop) + 1;
  };
  const rest = () => {
    for (const day of box.querySelectorAll(".day")) day.classList.toggle("day--passed", passed(day));
    log.classList.remove("log--moving");
  };
  const move = () => {
    clearTimeout(timer);
    log.classList.add("log--moving");
    timer = setTimeout(rest, REST);
  };
  log.addEventListener("scroll", move, { passive: true });
  timer = setTimeout(rest, REST);
}
