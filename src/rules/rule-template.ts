import { errorMessage } from '../base/errors.ts'
import type { Labels } from '../model/labels.ts'
import type { VectorSample } from '../promql/value.ts'
import { BUILTINS } from '../template/builtins.ts'
import { executeTemplate } from '../template/execute.ts'
import { TemplateInterrupt } from '../template/meter.ts'
import { type ParsedTemplate, parseTemplate } from '../template/parse.ts'
import { queryResult, ruleFunctions, sampleValue } from '../template/rule-functions.ts'
import { GoStruct, stringMap, type Value } from '../template/value.ts'

/** What the templates of a rule know besides the alert itself. */
export interface RuleTemplateOptions {
  readonly timeMs: number
  readonly externalUrl: string
  readonly externalLabels: Labels
  /** Answers a query at the time of the evaluation. */
  readonly query: (expr: string) => Promise<readonly VectorSample[]>
}

/** The same for the templates of one evaluation, with what they have asked: it is asked once, for however many alerts. */
export class RuleTemplateContext {
  readonly options: RuleTemplateOptions
  readonly #answers = new Map<string, Value | Error>()
  readonly functions: ReturnType<typeof ruleFunctions>

  constructor(options: RuleTemplateOptions) {
    this.options = options
    this.functions = ruleFunctions({ ...options, query: (expr) => answered(this.#answers, expr) })
  }

  /** Asks, so that the next execution has the answer. */
  async ask(expr: string): Promise<void> {
    this.#answers.set(expr, await answer(expr, this.options))
  }
}

/** The alert that a label or annotation is of. */
export interface TemplateAlert {
  readonly labels: Labels
  readonly value: number
}

// Source: Prometheus rules/alerting.go, Eval. They stand before every template, so errors count their columns.
const DEFINITIONS = '{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}'

const DATA_TYPE = 'struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value interface {} }'

const FUNCTION_NAMES: ReadonlySet<string> = new Set([
  ...ruleFunctions({ timeMs: 0, externalUrl: '', query: () => null }).keys(),
  ...BUILTINS.keys(),
])

/** The text of a label or annotation of an alerting rule: mostly plain, else a template that is parsed once. */
export class RuleTemplate {
  readonly text: string
  readonly #name: string
  #parsed: ReadonlyMap<string, ParsedTemplate> | undefined

  constructor(alertName: string, text: string) {
    this.text = text
    this.#name = `__alert_${alertName}`
  }

  /** Throws a TemplateParseError. */
  parse(): ReadonlyMap<string, ParsedTemplate> {
    this.#parsed ??= new Map(
      parseTemplate(this.#name, DEFINITIONS + this.text, (name) => FUNCTION_NAMES.has(name)).map((template) => [template.name, template]),
    )
    return this.#parsed
  }

  /**
   * The text for one alert. Rejects with upstream's words, which become the text. A query that the template asks for is answered
   * between two executions: the template runs again with what is known by then.
   */
  async expand({ labels, value }: TemplateAlert, context: RuleTemplateContext): Promise<string> {
    if (!this.text.includes('{{')) return this.text
    const data = new GoStruct(DATA_TYPE, {
      Labels: stringMap(Object.entries(labels.toObject())),
      ExternalLabels: stringMap(Object.entries(context.options.externalLabels.toObject())),
      ExternalURL: context.options.externalUrl,
      Value: value,
    })
    let templates: ReadonlyMap<string, ParsedTemplate>
    try {
      templates = this.parse()
    } catch (error) {
      throw new Error(`error parsing template ${this.#name}: ${errorMessage(error)}`)
    }
    for (;;) {
      try {
        return executeTemplate({ templates, functions: context.functions }, this.#name, data)
      } catch (error) {
        if (!(error instanceof UnansweredQuery)) throw new Error(`error executing template ${this.#name}: ${errorMessage(error)}`)
        await context.ask(error.expr)
      }
    }
  }
}

/** A template has come to a query that nobody has asked yet. */
class UnansweredQuery extends TemplateInterrupt {
  readonly expr: string
  constructor(expr: string) {
    super(`query ${expr} is not answered yet`)
    this.expr = expr
  }
}

function answered(answers: ReadonlyMap<string, Value | Error>, expr: string): Value {
  const answer = answers.get(expr)
  if (answer === undefined) throw new UnansweredQuery(expr)
  if (answer instanceof Error) throw answer
  return answer
}

async function answer(expr: string, { query }: RuleTemplateOptions): Promise<Value | Error> {
  try {
    return queryResult((await query(expr)).map(({ labels, v }) => sampleValue(labels.toObject(), v)))
  } catch (error) {
    return new Error(errorMessage(error))
  }
}
