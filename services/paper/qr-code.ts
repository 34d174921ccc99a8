// A QR code as one path of squares, drawn on paper without a picture file.
import encodeQR from 'qr';

export type QrCode = {
  /** Squares of one side, the light border of four among them. */
  size: number;
  /** Of an SVG whose unit is one square. */
  path: string;
};

/** Medium correction: a fold or a stain takes up to 15 of 100 squares. */
export function qrCodeOf(text: string): QrCode {
  const rows = encodeQR(text, 'raw', { ecc: 'medium', encoding: 'alphanumeric', border: 4 });
  const path = rows.flatMap((row, y) =>
    runsOf(row).map(([x, length]) => `M${x} ${y}h${length}v1h-${length}z`),
  );
  return { size: rows.length, path: path.join('') };
}

/** Dark squares side by side as [where, how many]: one shape each, so no hair lines show. */
function runsOf(row: readonly boolean[]): [number, number][] {
  const runs: [number, number][] = [];
  row.forEach((isDark, x) => {
    if (!isDark) return;
    const last = runs.at(-1);
    if (last && last[0] + last[1] === x) last[1] += 1;
    else runs.push([x, 1]);
  });
  return runs;
}
