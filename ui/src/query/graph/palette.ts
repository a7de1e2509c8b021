// Hues that people with any of the common colour deficiencies tell apart, in shades with enough contrast on each
// scheme's background. When they are used up they come again: lines dashed, areas in another strength.
// Source: Okabe and Ito, "Color Universal Design", 2008, for the hues.

const light = ['#0069b0', '#d1550a', '#00875f', '#b0458f', '#b88600', '#3aa0dc', '#6b4fa8', '#5d6670']
const dark = ['#5cb0f2', '#ff9351', '#33c79b', '#ee92cb', '#f2c84b', '#a3dbff', '#b79cf5', '#b4bfcc']
const dashes = [[], [7, 4], [2, 3]]
// Opacity of an area, as the last two digits of its colour.
const strengths = ['60', '30', '18']

export interface Stroke {
  readonly color: string
  /** Lengths of dash and gap in CSS pixels; empty is solid. */
  readonly dash: readonly number[]
  /** Colour of the area below; undefined for none. */
  readonly fill: string | undefined
}

/** How the line, or the stacked area, with this index is drawn. */
export function strokeOf(index: number, scheme: 'light' | 'dark', kind: 'line' | 'area'): Stroke {
  const colors = scheme === 'dark' ? dark : light
  const color = colors[index % colors.length]
  const round = Math.floor(index / colors.length) % dashes.length
  return kind === 'line' ? { color, dash: dashes[round], fill: undefined } : { color, dash: [], fill: color + strengths[round] }
}
