// Exact sums of money. The API sends decimals as text since numbers in browsers are not exact; here they are whole hundredths.

const FORM = /^(-?)(\d+)(?:\.(\d{1,2})0*)?$/;

/** Hundredths of a decimal text of at most two digits after the point; zero for what is not known. */
export const cents = (text) => {
  if (text === null || text === undefined) return 0n;
  const parts = FORM.exec(String(text));
  if (parts === null) throw new RangeError(`not an amount: ${text}`);
  const [, sign, whole, fraction = ""] = parts;
  const magnitude = BigInt(whole) * 100n + BigInt(fraction.padEnd(2, "0") || "0");
  return sign === "-" ? -magnitude : magnitude;
};

/** The decimal text of hundredths. */
export const fromCents = (hundredths) => {
  const magnitude = hundredths < 0n ? -hundredths : hundredths;
  const digits = magnitude.toString().padStart(3, "0");
  return `${hundredths < 0n ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}`;
};

/** A number near enough to draw with. */
export const drawn = (hundredths) => Number(hundredths) / 100;

/** a / b as a number, null where that says nothing. */
export const ratio = (a, b) => {
  const [over, under] = [cents(a), cents(b)];
  return under === 0n ? null : Number(over) / Number(under);
};

/** How much more a is than b, as a part of b; null where there is nothing to compare with. */
export const change = (now, before) => {
  if (now === null || before === null || now === undefined || before === undefined) return null;
  const base = cents(before);
  return base <= 0n ? null : Number(cents(now) - base) / Number(base);
};
