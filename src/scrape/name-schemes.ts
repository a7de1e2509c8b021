// Which names a job takes, and how it asks targets to write the others. Source: Prometheus config/config.go, ScrapeConfig.Validate.

import { ESCAPING_SCHEMES, type EscapingScheme } from '../model/name-escaping.ts'

/** `utf8`: any name; `legacy`: letters, digits, underscores, and colons in names of metrics. */
export const NAME_VALIDATION_SCHEMES = ['utf8', 'legacy'] as const
export type NameValidationScheme = (typeof NAME_VALIDATION_SCHEMES)[number]

/** Of a section of the configuration; the empty text says nothing, as nothing does. */
export interface NameSchemeSection {
  readonly metric_name_validation_scheme?: NameValidationScheme | ''
  readonly metric_name_escaping_scheme?: EscapingScheme | ''
}

export interface NameSchemes {
  readonly validation: NameValidationScheme
  readonly escaping: EscapingScheme
}

/**
 * What a job does that says this, below a `global` that says that. A job that only chooses how names are checked gets the escaping
 * that goes with it, and not that of `global`, which might not.
 */
export function nameSchemes(job: NameSchemeSection, global: NameSchemeSection): NameSchemes {
  const globalValidation = global.metric_name_validation_scheme || 'utf8'
  const validation = job.metric_name_validation_scheme || globalValidation
  const inherited = job.metric_name_validation_scheme ? '' : global.metric_name_escaping_scheme
  return { validation, escaping: job.metric_name_escaping_scheme || inherited || ESCAPING_OF[validation] }
}

const ESCAPING_OF = { utf8: 'allow-utf-8', legacy: 'underscores' } as const

/** Why the two do not go together. */
export function nameSchemeProblem({ validation, escaping }: NameSchemes): string | undefined {
  if (validation === 'utf8' || escaping !== 'allow-utf-8') return undefined
  return 'utf8 metric names requested but validation scheme is not set to UTF8'
}

export function unknownEscaping(section: string): (found: string) => string {
  const [first, ...rest] = ESCAPING_SCHEMES.map((name) => `'${name}'`)
  const last = rest.pop()
  return (found) =>
    `unknown ${section} name escaping method specified, must be one of ${[first, ...rest].join(', ')}, or ${last}, got ${JSON.stringify(found)}`
}

export function unknownValidation(section: string): (found: string) => string {
  return (found) => `unknown ${section} name validation method specified, must be either '', 'legacy' or 'utf8', got ${found}`
}
