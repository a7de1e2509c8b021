import assert from 'node:assert/strict'
import { test } from 'node:test'
import { strokeOf } from './palette.ts'

/** WCAG relative luminance of `#rrggbb`. */
function luminance(color: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(color.slice(at, at + 2), 16) / 255
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

const contrast = (a: string, b: string) => {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return (high + 0.05) / (low + 0.05)
}

test('lines stand out from the background of their scheme', () => {
  for (let index = 0; index < 8; index++) {
    assert.ok(contrast(strokeOf(index, 'light', 'line').color, '#ffffff') >= 2.8, strokeOf(index, 'light', 'line').color)
    assert.ok(contrast(strokeOf(index, 'dark', 'line').color, '#171e27') >= 4.5, strokeOf(index, 'dark', 'line').color)
  }
})

test('two dozen lines, or areas, look different', () => {
  for (const kind of ['line', 'area'] as const) {
    assert.equal(new Set(Array.from({ length: 24 }, (_, index) => JSON.stringify(strokeOf(index, 'light', kind)))).size, 24)
  }
})
