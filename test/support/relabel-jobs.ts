// Generated steps of relabeling and the targets that they meet. All follow from one seed.
import { seededRandom } from '../../src/base/virtual/random.ts'

export interface RelabelJob {
  readonly settings: Readonly<Record<string, unknown>>
  readonly groups: readonly { readonly targets: readonly string[]; readonly labels: Readonly<Record<string, string>> }[]
}

const META = ['__meta_zone', '__meta_pod_label_app', '__meta_é.ü', 'zone', 'x', 'y', 'app.kubernetes.io/name', 'ключ', '1st', 'a b', 'X']
const VALUES = ['', '1', '2', 'eu-west', 'a/b/c', 'é', 'ПРИВЕТ', 'UPPER lower', '10', 'a\nb', ' ', '$1', '日本', '15s', 'http', 'İı', 'ǅ']
const NAMES = [
  ...META,
  '__address__',
  '__metrics_path__',
  '__scheme__',
  '__param_module',
  '__param_x',
  'instance',
  'job',
  '__scrape_interval__',
  '__scrape_timeout__',
  'none',
]
const REGEXES = [
  '.*',
  '(.*)',
  '.+',
  '',
  '1|2',
  '^(eu)-(.*)$',
  '(eu)-(west)?',
  '([a-z]+)/(.*)',
  '[^1]*',
  'a.*',
  'a.b',
  '(?i)upper.*',
  '(?-s)a.b',
  '(?s).*',
  '(?P<n>.*)',
  '(?<n>.)(?P<rest>.*)',
  '\\w+',
  '\\pL+',
  '[[:alpha:]]+',
  '(a|b|)(.*)',
  '(?U)(.+)(.*)',
  '\\Q$1\\E',
  'x*?',
  '^$',
  '$',
  '(?m)^a$.^b$',
  '[\\x{400}-\\x{4FF}]+',
  '(..)(..)?.*',
]
const REPLACEMENTS = [
  '$1',
  '$0',
  'q',
  '',
  '${1}x',
  '$1x',
  '$2-$1',
  '$$',
  '$$1',
  '$n',
  '${n}z',
  '$',
  '${',
  '${1',
  'é$1',
  '$rest$n',
  '$10',
  '${01}',
  'a$',
]
const TEMPLATED_TARGETS = ['m_$1', '${1}', 'n_${n}', '$1$2', '${1}.é', 'made_$0']
const ACTIONS = [
  'replace',
  'replace',
  'replace',
  'replace',
  'keep',
  'drop',
  'labelmap',
  'labelmap',
  'labeldrop',
  'labelkeep',
  'hashmod',
  'lowercase',
  'uppercase',
  'keepequal',
  'dropequal',
  'Replace',
  'LOWERCASE',
]
const ADDRESSES = ['a:1', 'b', '[::1]:80', 'c:443', '10.0.0.1:9100', 'd/x', 'é:1', 'a.b.c:65536', '', 'x:', '[::1]']

export function relabelJobs(seed: number, count: number): readonly RelabelJob[] {
  const random = seededRandom(seed)
  const below = (limit: number) => Math.floor(random.next() * limit)
  const chance = (share: number) => random.next() < share
  const pick = <T>(choices: readonly T[]): T => choices[below(choices.length)]
  const several = <T>(most: number, make: () => T): T[] => Array.from({ length: below(most + 1) }, make)

  /** Most are valid; none touches `job` of those that stay, by which jobs are told apart. */
  const step = (): Record<string, unknown> => {
    const action = pick(ACTIONS)
    const out: Record<string, unknown> = action === 'replace' && chance(0.3) ? {} : { action }
    // Left out: names of no characters (upstream makes such targets, and loses which label it was), and several labels that become one (which
    // of them wins is chance there).
    if (action === 'labelmap') {
      if (chance(0.1)) return { ...out, regex: '(z)one', replacement: pick(['m', 'z$2', '$0']) }
      const regex = pick(['x(.*)', '(x|y)', '__meta_(.*)', '(z)one', '(.+)\\.(.+)', '(?i)(X)', '(к.*)', '__(scheme|param_.*)__?'])
      return { ...out, regex, replacement: pick(['m_$1', '${1}_m', '${1}q', 'é.$1', 'k$1']) }
    }
    if (action === 'labeldrop')
      return { ...out, regex: pick(['x', 'y|z.*', '__meta_.*', 'p.*h', 'none', '(?i)x', '.*\\..*', '\\d.*', '__param_.*']) }
    if (action === 'labelkeep') return { ...out, regex: `__.*|job|instance|${pick(['x', 'y|zone', '.*e', 'x\\..*', '\\pL+'])}` }
    if (action === 'keepequal' || action === 'dropequal')
      return { ...out, source_labels: [pick(NAMES), ...(chance(0.2) ? [pick(NAMES)] : [])], target_label: pick(NAMES) }
    if (chance(0.95)) out.source_labels = Array.from({ length: 1 + below(3) }, () => pick(NAMES))
    if (chance(0.3)) out.separator = pick(['', '-', ';;', '/', 'é', '\n'])
    if (action === 'hashmod')
      return {
        ...out,
        modulus: pick([1, 2, 7, 1000, 4294967295, 4294967296, 9007199254740991]),
        target_label: pick(['x', 'shard', '__tmp']),
      }
    if (action.toLowerCase() !== 'lowercase' && action !== 'uppercase' && chance(0.8)) out.regex = pick(REGEXES)
    if (action === 'keep' || action === 'drop') return out
    const isReplace = action.toLowerCase() === 'replace'
    const targets = NAMES.filter((name) => name !== 'job')
    out.target_label = isReplace && chance(0.15) ? pick(TEMPLATED_TARGETS) : pick([...targets, 'made', '__tmp', '__name__'])
    if (isReplace && chance(0.7)) out.replacement = pick(REPLACEMENTS)
    return out
  }
  return Array.from({ length: count }, () => ({
    groups: Array.from({ length: 1 + below(2) }, () => ({
      targets: Array.from({ length: 1 + below(4) }, () => pick(ADDRESSES)),
      labels: Object.fromEntries(several(4, () => [pick(META), pick(VALUES)] as const)),
    })),
    settings: {
      scheme: pick(['http', 'https']),
      metrics_path: pick(['/metrics', '/a b?c=d', 'no/slash', '/é/%41']),
      params: chance(0.3) ? { module: ['m', 'n'], 'x y': ['&'] } : {},
      relabel_configs: several(5, step),
    },
  }))
}
