/** What becomes of names. Source: prometheus/otlptranslator, strategy.go. */
export const TRANSLATION_STRATEGIES = [
  'UnderscoreEscapingWithSuffixes',
  'UnderscoreEscapingWithoutSuffixes',
  'NoUTF8EscapingWithSuffixes',
  'NoTranslation',
] as const
export type TranslationStrategy = (typeof TRANSLATION_STRATEGIES)[number]

/** Whether names are brought into the old alphabet. */
export function escapesNames(strategy: TranslationStrategy): boolean {
  return strategy.startsWith('Underscore')
}

/** Whether names say unit and type. */
export function addsSuffixes(strategy: TranslationStrategy): boolean {
  return strategy.endsWith('WithSuffixes')
}
