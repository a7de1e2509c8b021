import { CodedError, errorMessage } from '../../base/errors.ts'
import { quote } from '../../base/go-quote.ts'
import { compileSearchRegex } from '../../model/regex.ts'
import { LabelMatcher } from '../label-matcher.ts'
import type { Silence, SilenceMatcher } from './silence.ts'

/** Throws `bad_data`, in upstream's words. Source: Alertmanager silence/silence.go, validateSilence. */
export function validateSilence({ matcherSets, startsAt, endsAt }: Silence): void {
  if (matcherSets.length === 0) throw invalid('at least one matcher set required')
  matcherSets.forEach((set, setIndex) => {
    if (set.length === 0) throw invalid(`matcher set ${setIndex} is empty`)
    set.forEach((matcher, index) => {
      const problem = matcherProblem(matcher)
      if (problem !== undefined) throw invalid(`invalid label matcher ${index} in set ${setIndex}: ${problem}`)
    })
    if (set.every(matchesEmpty)) throw invalid(`matcher set ${setIndex}: at least one matcher must not match the empty string`)
  })
  if (endsAt < startsAt) throw invalid('end time must not be before start time')
}

function invalid(reason: string): CodedError {
  return new CodedError('bad_data', `invalid silence: ${reason}`)
}

function matcherProblem({ operator, name, value }: SilenceMatcher): string | undefined {
  if (name === '') return `invalid label name ${quote(name)}`
  if (operator === '=' || operator === '!=') return undefined
  try {
    // By itself: so the error shows what was written.
    compileSearchRegex(value)
    new LabelMatcher(operator, name, value)
  } catch (error) {
    return `invalid regular expression ${quote(value)}: ${errorMessage(error)}`
  }
  return undefined
}

/** Conditions that negate are taken to want something, as upstream takes them. */
function matchesEmpty({ operator, name, value }: SilenceMatcher): boolean {
  if (operator === '=') return value === ''
  return operator === '=~' && new LabelMatcher(operator, name, value).matches('')
}
