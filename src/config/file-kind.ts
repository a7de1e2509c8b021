import type { YamlValue } from '../base/yaml-tree.ts'
import { YamlScalar } from '../base/yaml-tree.ts'

/** What a file that is no prometheus.yml most likely is; undefined when nothing speaks for anything. */
export function otherFileKind(text: string, root: YamlValue): string | undefined {
  return treeKind(root) ?? textKind(text)
}

function treeKind(root: YamlValue): string | undefined {
  if (Array.isArray(root)) return listKind(root)
  const fields = fieldsOf(root)
  if (fields === undefined) return undefined
  const has = (...names: readonly string[]) => names.every((name) => name in fields)
  const texts = (name: string) => (fields[name] instanceof YamlScalar ? fields[name].text : '')
  if (has('apiVersion', 'kind')) return `a Kubernetes manifest (${texts('kind')})`
  if (has('heartbeats') || has('drills')) return 'a configuration of the deadman role'
  if (has('route', 'receivers') || has('inhibit_rules')) return 'a configuration of Alertmanager'
  if (has('receivers') || has('time_intervals')) return 'a part of a configuration of Alertmanager'
  if (has('groups')) return 'a file of recording and alerting rules'
  if (has('budgets')) return "a configuration of Promontory's own (--promontory.config)"
  if (has('services')) return 'a Compose file'
  if (has('type', 'config')) return 'a configuration of an object store, as Thanos reads it'
  if (has('datasources') || has('providers')) return 'a provisioning file of Grafana'
  if (has('panels', 'schemaVersion') || has('dashboard')) return 'a dashboard of Grafana'
  if (has('jobs', 'on')) return 'a workflow of GitHub Actions'
  if (has('modules')) return 'a configuration of an exporter'
  if (has('tls_server_config') || has('http_server_config') || has('basic_auth_users')) return 'a web configuration file'
  if (has('expr') || has('record') || has('alert')) return 'a part of a file of recording and alerting rules'
  const values = Object.values(fields).map(fieldsOf)
  if (values.length > 0 && values.every((value) => value !== undefined && ('image' in value || 'command' in value)))
    return 'services of a Compose file'
  if (values.length > 0 && values.every((value) => value !== undefined && ('replicas' in value || 'persistence' in value)))
    return 'values of a Helm chart'
  return undefined
}

function listKind(items: readonly YamlValue[]): string | undefined {
  const all = items.map(fieldsOf)
  const every = (...names: readonly string[]) =>
    all.length > 0 && all.every((fields) => fields !== undefined && names.some((name) => name in fields))
  if (every('alert', 'record')) return 'a part of a file of recording and alerting rules'
  if (every('targets')) return 'a file of target groups, as file_sd_configs reads it'
  if (every('source_labels', 'target_label', 'action')) return 'a list of relabel steps'
  if (every('job_name')) return 'a list of scrape jobs'
  return 'a list'
}

/** Formats that are no YAML. Looked at only when the file is no mapping. */
function textKind(text: string): string | undefined {
  if (/^\s*(?:resource|module|variable|provider|terraform|data|output|locals)\b[^:\n]*\{/m.test(text))
    return 'a Terraform configuration (HCL)'
  if (/^(?:frontend|backend|listen)\s+\S+\s*$/m.test(text)) return 'a configuration of HAProxy'
  if (/^\s*(?:upstream\s+\S+|server|http|events|location\s+\S+)\s*\{/m.test(text)) return 'a configuration of nginx'
  if (/^#!/.test(text)) return 'a script'
  if (/^\[[^\]\n]+\]\s*$/m.test(text) && /^[\w.-]+\s*=/m.test(text)) return 'an INI file or a systemd unit'
  return undefined
}

function fieldsOf(value: YamlValue): Readonly<Record<string, YamlValue>> | undefined {
  if (value === undefined || value instanceof YamlScalar || Array.isArray(value)) return undefined
  return value as Readonly<Record<string, YamlValue>>
}
