import type { Answer } from '../../base/http-answer.ts'
import { isResolved } from '../../model/alert.ts'
import type { AlertmanagerApiDeps } from './deps.ts'

/** What a browser finds at `/`: how it is, and where the rest is. The pages to work with alerts are the console's. */
export function startPage({ manager, cluster, build, env, routePrefix }: AlertmanagerApiDeps): Answer {
  const now = env.clock.now()
  const firing = [...manager.alerts.all()].filter((alert) => !isResolved(alert, now)).length
  const { status, peers } = cluster.status()
  const facts = [
    ['Version', build.version],
    ['Cluster', status === 'disabled' ? 'disabled' : `${status}, ${peers.length} members`],
    ['Alerts that fire', String(firing)],
    ['Silences', String(manager.silences.all().length)],
    ['Receivers', String(manager.settings.receivers.size)],
  ]
  const links = [
    '/api/v2/alerts',
    '/api/v2/alerts/groups',
    '/api/v2/silences',
    '/api/v2/status',
    '/api/v2/promontory/notifications',
    '/metrics',
  ]
  const body = `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Promontory Alertmanager</title></head>
<body>
<h1>Promontory Alertmanager</h1>
<table>${facts.map(([name, value]) => `<tr><th align="left">${name}</th><td>${escapeHtml(value)}</td></tr>`).join('')}</table>
<ul>${links.map((path) => `<li><a href="${escapeHtml(routePrefix + path)}">${path}</a></li>`).join('')}</ul>
</body>
</html>
`
  return { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body: Buffer.from(body) }
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`)
}
