import type { Stroke } from './palette.ts'

/** A short piece of the line it stands for, dashes included: colour alone does not tell two dozen lines apart. */
export function Swatch({ stroke }: { readonly stroke: Stroke }) {
  // An area has its line on top, a line is all there is.
  const y = stroke.fill === undefined ? 4 : 1
  return (
    <svg width="18" height="8" viewBox="0 0 18 8" aria-hidden="true" style={{ flex: 'none' }}>
      {stroke.fill !== undefined && <rect width="18" height="8" fill={stroke.fill} />}
      <line
        x1="0"
        y1={y}
        x2="18"
        y2={y}
        stroke={stroke.color}
        strokeWidth={stroke.fill === undefined ? 3 : 2}
        strokeDasharray={stroke.dash.join(' ')}
      />
    </svg>
  )
}
