// Bytes as people read them: where, in hexadecimal, and as text where they are printable.

const PER_LINE = 16;
const MOST_BYTES = 4096;

/** The dump of hexadecimal text. What is none is given back as it is. */
export const hexdump = (hex) => {
  if (!/^([0-9a-f]{2})*$/i.test(hex)) return hex;
  const bytes = (hex.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
  const lines = [];
  for (let at = 0; at < Math.min(bytes.length, MOST_BYTES); at += PER_LINE) {
    const part = bytes.slice(at, at + PER_LINE);
    const digits = part.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const text = part.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : ".")).join("");
    lines.push(`${at.toString(16).padStart(4, "0")}  ${digits.padEnd(PER_LINE * 3 - 1)}  ${text}`);
  }
  if (bytes.length > MOST_BYTES) lines.push(`… ${bytes.length - MOST_BYTES} more bytes`);
  return lines.join("\n");
};
