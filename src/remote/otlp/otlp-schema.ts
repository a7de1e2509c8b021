import { quote } from '../../base/go-quote.ts'
import { boolean, list, oneOf, type Report, section, text } from '../../base/schema.ts'
import type { Output } from '../../base/schema-type.ts'
import { TRANSLATION_STRATEGIES, type TranslationStrategy } from './translation-strategy.ts'

// The section `otlp` of prometheus.yml. Source of fields, defaults and rules: Prometheus config/config.go, OTLPConfig.

const STRATEGIES = [...TRANSLATION_STRATEGIES, ''] as const

export const otlpSchema = section(
  'otlp',
  {
    promote_all_resource_attributes: boolean(),
    promote_resource_attributes: list(text()),
    ignore_resource_attributes: list(text()),
    translation_strategy: oneOf(
      STRATEGIES,
      (found) => `unsupported OTLP translation strategy ${JSON.stringify(found)}, want ${TRANSLATION_STRATEGIES.join(', ')}`,
    ),
    keep_identifying_resource_attributes: boolean(),
    convert_histograms_to_nhcb: boolean(),
    promote_scope_metadata: boolean(),
    label_name_underscore_sanitization: boolean(),
    label_name_preserve_multiple_underscores: boolean(),
  },
  {
    check(otlp, report) {
      const { promote_all_resource_attributes: all, promote_resource_attributes: promoted, ignore_resource_attributes: ignored } = otlp
      if (all && promoted?.length)
        report(
          ['promote_resource_attributes'],
          "'promote_all_resource_attributes' and 'promote_resource_attributes' cannot be configured simultaneously",
        )
      if (!all && ignored?.length)
        report(
          ['ignore_resource_attributes'],
          "'ignore_resource_attributes' cannot be configured unless 'promote_all_resource_attributes' is true",
        )
      checkAttributes(ignored, 'ignore_resource_attributes', 'ignored', report)
      checkAttributes(promoted, 'promote_resource_attributes', 'promoted', report)
    },
  },
)

function checkAttributes(names: readonly string[] | undefined, field: string, adjective: string, report: Report): void {
  const seen = new Set<string>()
  for (const [index, given] of (names ?? []).entries()) {
    const name = given.trim()
    if (name === '') report([field, index], `invalid '${field}': empty ${adjective} OTel resource attribute`)
    else if (seen.has(name)) report([field, index], `invalid '${field}': duplicated ${adjective} OTel resource attribute ${quote(name)}`)
    seen.add(name)
  }
}

type OtlpSection = Output<typeof otlpSchema>

/** How metrics of OTLP become series. */
export interface OtlpConfig {
  readonly strategy: TranslationStrategy
  /** Attributes of a resource that become labels of its series; with `promoteAll` those that do not. */
  readonly attributes: ReadonlySet<string>
  readonly promoteAll: boolean
  readonly keepIdentifying: boolean
  readonly customBuckets: boolean
  readonly promoteScope: boolean
  readonly prefixUnderscore: boolean
  readonly keepUnderscores: boolean
}

export function toOtlpConfig(otlp: OtlpSection | undefined): OtlpConfig {
  const promoteAll = otlp?.promote_all_resource_attributes ?? false
  const attributes = promoteAll ? otlp?.ignore_resource_attributes : otlp?.promote_resource_attributes
  return {
    strategy: otlp?.translation_strategy || 'UnderscoreEscapingWithSuffixes',
    attributes: new Set(attributes?.map((name) => name.trim())),
    promoteAll,
    keepIdentifying: otlp?.keep_identifying_resource_attributes ?? false,
    customBuckets: otlp?.convert_histograms_to_nhcb ?? false,
    promoteScope: otlp?.promote_scope_metadata ?? false,
    prefixUnderscore: otlp?.label_name_underscore_sanitization ?? true,
    keepUnderscores: otlp?.label_name_preserve_multiple_underscores ?? true,
  }
}
