import { ADDRESS_LABEL } from '../static.ts'
import { metaLabels, PREFIX } from './meta-labels.ts'
import type { Role } from './role.ts'
import { namespaceLabels } from './role.ts'

// Source: Prometheus discovery/kubernetes/ingress.go.

/** One target a path of a rule. */
export const ingressRole: Role<'ingresses'> = {
  primary: 'ingresses',
  secondary: [],
  onNodes: false,
  sourcePrefix: 'ingress/',
  build(ingress, cluster) {
    const { metadata, spec } = ingress
    const tlsHosts = (spec?.tls ?? []).flatMap(({ hosts }) => hosts ?? [])
    const targets = (spec?.rules ?? []).flatMap(({ host = '', http }) => {
      const scheme = tlsHosts.some((pattern) => matchesHost(pattern, host)) ? 'https' : 'http'
      const paths = http === undefined ? ['/'] : (http.paths ?? []).map(({ path }) => path || '/')
      return paths.map((path) => ({
        [ADDRESS_LABEL]: host,
        [`${PREFIX}ingress_scheme`]: scheme,
        [`${PREFIX}ingress_host`]: host,
        [`${PREFIX}ingress_path`]: path,
      }))
    })
    const labels = {
      ...namespaceLabels(cluster, ingress),
      [`${PREFIX}ingress_class_name`]: spec?.ingressClassName ?? '',
      ...metaLabels('ingress', metadata),
    }
    return { labels, targets }
  },
}

/** `*` as the first part of a pattern stands for any one part. */
function matchesHost(pattern: string, host: string): boolean {
  if (pattern === host) return true
  const dot = host.indexOf('.')
  return pattern.startsWith('*.') && dot >= 0 && pattern.slice(1) === host.slice(dot)
}
