import type { Stroke } from './palette.ts'

/** A short piece of the line it stands for, dashes included: colour alone does not tell two dozen lines apart. */
export function Swatch({ stroke }: { readonly stroke: Stroke }) {
  return (
    <svg width="18" height="8" viewBox="0 0 18 8" aria-hidden="true" style={{ flex: 'none' }}>
      <line x1="0" y1="4" x2="18" y2="4" stroke={stroke.color} strokeWidth="3" strokeDasharray={stroke.dash.join(' ')} />
    </svg>
  )
}
