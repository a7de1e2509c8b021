import type { AlarmStatus, DrillStatus, deadmanStatus, HeartbeatStatus } from '../../alertmanager/deadman/deadman-status.ts'
import { escapeHtml } from '../../base/escape-html.ts'
import type { Answer } from '../../base/http-answer.ts'

// The console of a deadman: one document without scripts, which asks for itself again. It has to show what is wrong where nothing else runs.

const REFRESH_SECONDS = 10

const STYLE = `body{font:15px/1.45 system-ui,sans-serif;margin:1.5rem auto;max-width:75rem;padding:0 1rem;color:#1d2329;background:#fff}
table{border-collapse:collapse;width:100%;margin-bottom:1rem}th,td{text-align:left;vertical-align:top;padding:.35rem .7rem .35rem 0;border-bottom:1px solid #d9dee3}
th{font-weight:600}td.good{color:#14692f}td.bad{color:#a3160b;font-weight:600}.scroll{overflow-x:auto}h1{font-size:1.3rem}h2{font-size:1.1rem}
@media(prefers-color-scheme:dark){body{color:#e3e7ea;background:#16191c}th,td{border-color:#363c42}td.good{color:#6fd58c}td.bad{color:#ff8a7d}a{color:#8ab8ff}}`

const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
}

interface Cell {
  readonly text: string
  readonly tone?: 'good' | 'bad'
}

/** What a browser finds at `/`: who is heard, who was told of silence, and how drills went. */
export function deadmanPage(
  { heartbeats, drills }: ReturnType<typeof deadmanStatus>,
  { version, routePrefix }: { readonly version: string; readonly routePrefix: string },
): Answer {
  const silentCount = [...heartbeats, ...drills].filter(({ expired }) => expired).length
  const runs = drills.flatMap((drill) => drill.runs.map((run) => ({ name: drill.name, ...run })))
  const body = `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="${REFRESH_SECONDS}">
<title>${silentCount > 0 ? `${silentCount} silent · ` : ''}Promontory deadman</title><style>${STYLE}</style></head>
<body>
<h1>Promontory deadman</h1>
<p>Version ${escapeHtml(version)}. ${silentCount === 0 ? 'All that is waited for is heard.' : `${silentCount} of ${heartbeats.length + drills.length} silent.`}</p>
${table('Heartbeats', ['name', 'state', 'last heard', 'calls', 'receiver', 'told'], heartbeats.map(heartbeatRow))}
${table('Drills', ['name', 'state', 'last', 'every', 'deadline', 'Alertmanagers', 'receiver', 'told'], drills.map(drillRow))}
${table(
  'Last drills',
  ['name', 'began', 'outcome', 'latency', 'came again'],
  runs.map((run) => [
    { text: run.name },
    { text: run.startedAt },
    outcomeCell(run.outcome),
    { text: run.latencySeconds === undefined ? '' : seconds(run.latencySeconds, 3) },
    { text: run.duplicates === 0 ? '' : String(run.duplicates) },
  ]),
)}
<p>${['/api/v1/status', '/api/v1/status/config', '/metrics'].map((path) => `<a href="${escapeHtml(routePrefix + path)}">${path}</a>`).join(' · ')}</p>
</body>
</html>
`
  return { status: 200, headers: HEADERS, body: Buffer.from(body) }
}

function heartbeatRow(each: HeartbeatStatus): readonly Cell[] {
  const state: Cell = each.expired
    ? { text: `silent since ${each.expiredSince}`, tone: 'bad' }
    : { text: `heard, ${seconds(each.expiresInSeconds)} of ${seconds(each.timeoutSeconds)} left`, tone: 'good' }
  return [
    { text: each.name },
    state,
    { text: each.lastHeard ?? 'never' },
    { text: String(each.heard) },
    { text: each.receiver },
    toldCell(each),
  ]
}

function drillRow(each: DrillStatus): readonly Cell[] {
  const [last] = each.runs
  const next = each.running ? 'being held' : `next in ${seconds(each.nextInSeconds)}`
  const state: Cell = each.expired ? { text: `failing since ${each.expiredSince}; ${next}`, tone: 'bad' } : { text: next }
  const refused = each.alertmanagers.filter(({ error }) => error !== undefined)
  const alertmanagers = each.alertmanagers.map(({ url, error }) => (error === undefined ? url : `${url}: ${error}`)).join('; ')
  return [
    { text: each.name },
    state,
    last === undefined ? { text: 'none yet' } : outcomeCell(last.outcome),
    { text: seconds(each.everySeconds) },
    { text: seconds(each.deadlineSeconds) },
    { text: alertmanagers, ...(refused.length > 0 ? { tone: 'bad' } : {}) },
    { text: each.receiver },
    toldCell(each),
  ]
}

const outcomeCell = (outcome: string): Cell => ({ text: outcome, tone: outcome === 'arrived' ? 'good' : 'bad' })

function toldCell({ notifications }: AlarmStatus): Cell {
  const parts = notifications.flatMap(({ integration, status, at, error }) => {
    if (error !== undefined) return [`${integration}: ${error}`]
    return status === undefined ? [] : [`${integration}: ${status} at ${at}`]
  })
  return { text: parts.join('; '), ...(notifications.some(({ error }) => error !== undefined) ? { tone: 'bad' } : {}) }
}

const seconds = (value: number, digits = 0) => `${value.toFixed(digits)} s`

function table(title: string, head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  if (rows.length === 0) return ''
  const headCells = head.map((text) => `<th scope="col">${escapeHtml(text)}</th>`).join('')
  const line = (cells: readonly Cell[]) =>
    `<tr>${cells.map(({ text, tone }) => `<td${tone === undefined ? '' : ` class="${tone}"`}>${escapeHtml(text)}</td>`).join('')}</tr>`
  return `<h2>${title}</h2>\n<div class="scroll"><table><tr>${headCells}</tr>\n${rows.map(line).join('\n')}</table></div>`
}
