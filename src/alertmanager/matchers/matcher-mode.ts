import { CodedError } from '../../base/errors.ts'

/** `classic` and `utf8-strict` are upstream's features classic-mode and utf8-strict-mode. */
export type MatcherMode = 'fallback' | 'classic' | 'utf8-strict'

/** Features of upstream's `--enable-feature`. */
const FEATURES = [
  'alert-names-in-metrics',
  'receiver-name-in-metrics',
  'group-key-in-metrics',
  'classic-mode',
  'utf8-strict-mode',
  'auto-gomemlimit',
  'event-recorder',
]

/** Those that ask for what is not here, or is not needed. */
export function idleFeatures(features: readonly string[]): readonly string[] {
  return features.filter((feature) => FEATURES.includes(feature) && feature !== 'classic-mode' && feature !== 'utf8-strict-mode')
}

/** The language of matchers that features ask for. Throws `bad_data` with upstream's texts. Source: Alertmanager featurecontrol/featurecontrol.go. */
export function matcherMode(features: readonly string[]): MatcherMode {
  for (const feature of features)
    if (!FEATURES.includes(feature)) throw new CodedError('bad_data', `unknown option '${feature}' for --enable-feature`)
  const isClassic = features.includes('classic-mode')
  const isStrict = features.includes('utf8-strict-mode')
  if (isClassic && isStrict) throw new CodedError('bad_data', 'both classic and UTF-8 mode cannot be enabled at the same time')
  return isClassic ? 'classic' : isStrict ? 'utf8-strict' : 'fallback'
}

/** What is made once for each language, when it is first asked for. */
export function perMatcherMode<T>(make: (mode: MatcherMode) => T): (mode: MatcherMode) => T {
  const made = new Map<MatcherMode, T>()
  return (mode) => {
    let value = made.get(mode)
    if (value === undefined) {
      value = make(mode)
      made.set(mode, value)
    }
    return value
  }
}
