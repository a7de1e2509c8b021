import type { AlarmStatus, deadmanStatus } from '../../alertmanager/deadman/deadman-status.ts'
import type { Answer } from '../../base/http-answer.ts'

/** What a browser finds at `/`: who is heard, and how drills went. */
export function deadmanPage(
  { heartbeats, drills }: ReturnType<typeof deadmanStatus>,
  { version, routePrefix }: { readonly version: string; readonly routePrefix: string },
): Answer {
  const heartbeatRows = heartbeats.map((each) => [
    each.name,
    each.expired ? `silent since ${each.expiredSince}` : 'heard',
    each.lastHeard ?? 'never',
    `${each.timeoutSeconds} s`,
    each.receiver,
    told(each),
  ])
  const drillRows = drills.map((each) => {
    const [last] = each.runs
    const lastText = last === undefined ? 'none yet' : `${last.outcome}, ${last.startedAt}`
    const latency = last?.latencySeconds === undefined ? '' : `${last.latencySeconds.toFixed(3)} s`
    const state = each.running ? 'being held' : `next in ${Math.round(each.nextInSeconds)} s`
    return [each.name, state, lastText, latency, `${each.deadlineSeconds} s`, each.receiver, told(each)]
  })
  const body = `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Promontory deadman</title></head>
<body>
<h1>Promontory deadman</h1>
<p>Version ${escapeHtml(version)}</p>
${table('Heartbeats', ['name', 'state', 'last heard', 'timeout', 'receiver', 'told'], heartbeatRows)}
${table('Drills', ['name', 'state', 'last', 'latency', 'deadline', 'receiver', 'told'], drillRows)}
<ul>${['/api/v1/status', '/metrics'].map((path) => `<li><a href="${escapeHtml(routePrefix + path)}">${path}</a></li>`).join('')}</ul>
</body>
</html>
`
  return { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body: Buffer.from(body) }
}

function told({ notifications }: AlarmStatus): string {
  return notifications
    .flatMap(({ integration, status, at, error }) => {
      if (error !== undefined) return [`${integration}: ${error}`]
      return status === undefined ? [] : [`${integration}: ${status} at ${at}`]
    })
    .join('; ')
}

function table(title: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return ''
  const line = (cells: readonly string[], tag: 'th' | 'td') =>
    `<tr>${cells.map((cell) => `<${tag} align="left">${escapeHtml(cell)}</${tag}>`).join('')}</tr>`
  return `<h2>${title}</h2>\n<table>${line(head, 'th')}${rows.map((row) => line(row, 'td')).join('')}</table>`
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`)
}
