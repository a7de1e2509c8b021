import type { Env, FileSystem } from '../base/env.ts'
import { globFiles } from '../base/glob.ts'
import { BUILTINS } from '../template/builtins.ts'
import { executeTemplate } from '../template/execute.ts'
import { escapeTemplates } from '../template/html-escape.ts'
import { HTML_ESCAPERS } from '../template/html-escapers.ts'
import type { TemplateLimits } from '../template/meter.ts'
import { notificationFunctions } from '../template/notification-functions.ts'
import { isEmptyTemplate, type ParsedTemplate, parseTemplate } from '../template/parse.ts'
import { lineOf } from '../template/template-source.ts'
import { TemplateParseError } from '../template/token-stream.ts'
import type { FunctionTable } from '../template/value.ts'
import { DEFAULT_TEMPLATES } from './default-templates.ts'
import { type NotificationData, templateData } from './notification-data.ts'
import type { NotificationTemplates } from './notification-templates.ts'

/** A configuration has few texts; one that makes ever new ones does not fill the memory. */
const TEXTS_MAX = 2000

/** The default templates and those of files, and what they make of the texts of a configuration. */
export class TemplateLibrary implements NotificationTemplates {
  readonly #functions: FunctionTable
  readonly #htmlFunctions: FunctionTable
  readonly #limits: TemplateLimits | undefined
  readonly #named = new Map<string, ParsedTemplate>()
  /** What is not among those yet. */
  #base: string | undefined
  readonly #texts = new Map<string, ReadonlyMap<string, ParsedTemplate>>()
  /** The same, with what escapes them. */
  readonly #pages = new Map<string, ReadonlyMap<string, ParsedTemplate>>()

  constructor(nowMs: () => number, limits?: TemplateLimits) {
    this.#functions = notificationFunctions(nowMs)
    this.#htmlFunctions = new Map([...this.#functions, ...HTML_ESCAPERS])
    this.#limits = limits
  }

  /** What is defined later takes the place of what was there. Throws a TemplateParseError. */
  add(name: string, text: string): void {
    define(this.#named, this.#parse(name, text))
    this.#texts.clear()
    this.#pages.clear()
  }

  /**
   * Templates that are right, whose place others take whenever those were added. They are parsed when a text first asks for templates: many a
   * configuration has none that does.
   */
  setBase(text: string): void {
    this.#base = text
  }

  /** Those of the files that match, each under its name. Rejects when a file cannot be read. */
  async addFiles(fs: Pick<FileSystem, 'readDir' | 'readText'>, patterns: readonly string[]): Promise<void> {
    for (const pattern of patterns)
      for (const path of await globFiles(fs, pattern)) this.add(path.slice(path.lastIndexOf('/') + 1), await fs.readText(path))
  }

  text(template: string, data: NotificationData): string {
    if (!template.includes('{{')) return template
    const templates = this.#with(template)
    return executeTemplate({ templates, functions: this.#functions }, '', templateData(data), this.#limits)
  }

  html(template: string, data: NotificationData): string {
    if (template === '') return ''
    let templates = this.#pages.get(template)
    if (templates === undefined) {
      templates = escapeTemplates(this.#with(template), '')
      if (this.#pages.size >= TEXTS_MAX) this.#pages.clear()
      this.#pages.set(template, templates)
    }
    return executeTemplate({ templates, functions: this.#htmlFunctions }, '', templateData(data), this.#limits)
  }

  #with(text: string): ReadonlyMap<string, ParsedTemplate> {
    const known = this.#texts.get(text)
    if (known !== undefined) return known
    this.#parseBase()
    const templates = new Map(this.#named)
    define(templates, this.#parse('', text))
    if (this.#texts.size >= TEXTS_MAX) this.#texts.clear()
    this.#texts.set(text, templates)
    return templates
  }

  #parseBase(): void {
    if (this.#base === undefined) return
    const added = [...this.#named.values()]
    this.#named.clear()
    define(this.#named, this.#parse('', this.#base))
    define(this.#named, added)
    this.#base = undefined
  }

  #parse(name: string, text: string): readonly ParsedTemplate[] {
    return parseTemplate(name, text, (name) => this.#functions.has(name) || BUILTINS.has(name))
  }
}

/** Source: Go text/template, associate; parse, add. */
function define(templates: Map<string, ParsedTemplate>, parsed: readonly ParsedTemplate[]): void {
  const own = new Map<string, ParsedTemplate>()
  for (const template of parsed) {
    const { name, source } = template
    const earlier = own.get(name)
    if (earlier === undefined || isEmptyTemplate(earlier)) own.set(name, template)
    else if (!isEmptyTemplate(template))
      throw new TemplateParseError(
        `template: ${source.name}:${lineOf(source.text, template.body[0].offset)}: template: multiple definition of template ${JSON.stringify(name)}`,
      )
  }
  for (const [name, template] of own) if (!templates.has(name) || name === '' || !isEmptyTemplate(template)) templates.set(name, template)
}

/** The default templates and those of the files that match. Throws a TemplateParseError; rejects when a file cannot be read. */
export async function loadTemplates({ fs, clock }: Pick<Env, 'fs' | 'clock'>, patterns: readonly string[]): Promise<TemplateLibrary> {
  const library = new TemplateLibrary(() => clock.now())
  library.setBase(DEFAULT_TEMPLATES)
  await library.addFiles(fs, patterns)
  return library
}
