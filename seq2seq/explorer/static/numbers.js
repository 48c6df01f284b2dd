// Write numbers. All panels write a quantity with the same digits, so that they can be compared.

/** Return a number with a fixed number of decimals, a real minus sign, and no "−0.00". */
export function decimals(value, places) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const digits = value.toFixed(places);
  return Number(digits) === 0 ? digits.replace("-", "") : digits.replace("-", "−");
}

/** Return a probability in percent. A small one is not called 0. */
export function percent(probability) {
  const digits = decimals(probability * 100, 1);
  return digits === "0.0" ? "<0.1 %" : `${digits} %`;
}

/** Return an attention weight. */
export const weightText = (weight) => decimals(weight, 2);

/** Return the value of a gate or a state. */
export const gateText = (value) => decimals(value, 2);

/** Return a log-probability or a score. */
export const scoreText = (score) => decimals(score, 3);

/** Return a time. */
export const timeText = (milliseconds) => `${decimals(milliseconds, 0)} ms`;
