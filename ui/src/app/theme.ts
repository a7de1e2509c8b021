import { createTheme, type MantineColorsTuple } from '@mantine/core'

/** Blue-greys for the dark scheme: borders and surfaces of one family instead of neutral greys. */
const dark: MantineColorsTuple = [
  '#d3dae4',
  '#b3bdcb',
  '#8e9aab',
  '#66738a',
  '#3b4656',
  '#2c3542',
  '#202833',
  '#141a22',
  '#0f141b',
  '#0a0e13',
]

/** The one accent: sea blue, dark enough for white text in light, light enough to read in dark. */
const sea: MantineColorsTuple = [
  '#eaf4fc',
  '#d3e6f5',
  '#a4cceb',
  '#72b0e1',
  '#4c99d8',
  '#3389d2',
  '#2278c0',
  '#1a66a6',
  '#16558b',
  '#0f4370',
]

export const theme = createTheme({
  colors: { dark, sea },
  primaryColor: 'sea',
  primaryShade: { light: 7, dark: 5 },
  defaultRadius: 'sm',
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", Arial, sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", "DejaVu Sans Mono", monospace',
  fontSizes: { xs: '12px', sm: '13px', md: '14px', lg: '16px', xl: '18px' },
  cursorType: 'pointer',
})
