import { formatDuration, parseDuration } from '../format/duration.ts'
import { type Density, defaultPanel, type HistogramLine, type PanelState, type Resolution } from './panel-state.ts'

// The parameters are the ones upstream's query page writes, so that links from alerts, chats and dashboards open here
// and ours open there: `g0.expr=up&g0.tab=graph&g0.range_input=1h`. What it has beyond these is read over.
// Source: Prometheus web/ui/mantine-ui, query page (names and values of the parameters).

export type Search = Readonly<Record<string, string | undefined>>

/** What a single panel's parameters may be called in an address typed by hand: `expr=up&range=5m&tab=table`. */
const shortNames: Readonly<Record<string, string>> = { range_input: 'range', end_input: 'end', res_step: 'step' }

/** The panels of an address; at least one. */
export function decodePanels(search: Search): readonly PanelState[] {
  const panels: PanelState[] = []
  for (let index = 0; search[`g${index}.expr`] !== undefined; index++) panels.push(decodePanel((name) => search[`g${index}.${name}`]))
  if (panels.length === 0 && search['expr'] !== undefined) return [decodePanel((name) => search[shortNames[name] ?? name])]
  return panels.length === 0 ? [defaultPanel] : panels
}

/** The address of these panels. Settings at their default are left out: short links are read before they are opened. */
export function encodePanels(panels: readonly PanelState[]): Record<string, string> {
  const search: Record<string, string> = {}
  for (const [index, panel] of panels.entries()) {
    const set = (name: string, value: string) => {
      search[`g${index}.${name}`] = value
    }
    set('expr', panel.expr)
    set('tab', panel.tab)
    set('range_input', formatDuration(panel.rangeMs))
    if (panel.endTime !== undefined) {
      set('end_input', formatUtc(panel.endTime))
      set('moment_input', formatUtc(panel.endTime))
    }
    if (panel.resolution.type === 'fixed') {
      set('res_type', 'fixed')
      set('res_step', String(panel.resolution.stepMs / 1000))
    } else if (panel.resolution.density !== 'medium') {
      set('res_type', 'auto')
      set('res_density', panel.resolution.density)
    }
    if (panel.stacked) set('display_mode', 'stacked')
    if (panel.showExemplars) set('show_exemplars', '1')
    // Not upstream's: its graphs leave histograms out.
    if (panel.histogramLine !== 'count') set('histogram_line', panel.histogramLine)
  }
  return search
}

function decodePanel(read: (name: string) => string | undefined): PanelState {
  const tab = read('tab')
  return {
    expr: read('expr') ?? '',
    // 0 and 1 are what upstream wrote before version 3.
    tab: tab === undefined || tab === 'graph' || tab === '0' ? 'graph' : 'table',
    rangeMs: parseDuration(read('range_input') ?? '') ?? defaultPanel.rangeMs,
    endTime: parseUtc(read('moment_input') ?? read('end_input')),
    resolution: decodeResolution(read),
    stacked: read('display_mode') === 'stacked' || read('stacked') === '1',
    showExemplars: read('show_exemplars') === '1',
    histogramLine: decodeHistogramLine(read('histogram_line')),
  }
}

function decodeResolution(read: (name: string) => string | undefined): Resolution {
  const type = read('res_type')
  if (type === 'auto') {
    const density = read('res_density')
    return { type: 'auto', density: isDensity(density) ? density : 'medium' }
  }
  const stepSeconds = Number(read('res_step') ?? read('step_input'))
  return stepSeconds > 0 && Number.isFinite(stepSeconds)
    ? { type: 'fixed', stepMs: Math.max(1, Math.round(stepSeconds * 1000)) }
    : defaultPanel.resolution
}

export function decodeHistogramLine(text: string | undefined): HistogramLine {
  return text === 'sum' || text === 'average' ? text : 'count'
}

function isDensity(text: string | undefined): text is Density {
  return text === 'low' || text === 'medium' || text === 'high'
}

/** `2026-11-22 02:07:09`, in UTC as upstream writes it. */
function formatUtc(time: number): string {
  return new Date(time).toISOString().slice(0, 19).replace('T', ' ')
}

function parseUtc(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined
  const iso = text.trim().replace(' ', 'T')
  const time = Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(iso) ? iso : `${iso}Z`)
  return Number.isNaN(time) ? undefined : time
}
