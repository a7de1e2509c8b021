import { helpLine, labelPair, sampleLine, type TextMetricType, typeLine } from '../exposition/text-writer.ts'

/**
 * A metrics page in the text format 0.0.4, written family by family.
 *
 * 1. All samples of a family follow its HELP and TYPE lines, together.
 * 2. A family appears once.
 *
 * Source: Prometheus docs/instrumenting/exposition_formats.md, "Text-based format".
 */
export class Page {
  #text = ''
  #name = ''
  readonly #names = new Set<string>()

  /** Begins a family; the samples added next are its. `help` may be empty: then there is no HELP line. */
  family(name: string, type: TextMetricType, help: string): void {
    if (this.#names.has(name)) throw new Error(`metric family ${name} is written twice`)
    this.#names.add(name)
    this.#name = name
    if (help !== '') this.#text += helpLine(name, help)
    this.#text += typeLine(name, type)
  }

  /** Adds a sample of the current family; `labels` are as `formatLabels` writes them. */
  sample(value: number, labels = ''): void {
    this.#text += sampleLine(this.#name, labels, value)
  }

  /** A family of one sample without labels. */
  single(name: string, type: TextMetricType, help: string, value: number): void {
    this.family(name, type, help)
    this.sample(value)
  }

  /** Adds lines of the current family that are already written. */
  lines(text: string): void {
    this.#text += text
  }

  /** Adds another page whose families are not on this one. */
  append(page: Page): void {
    for (const name of page.#names) {
      if (this.#names.has(name)) throw new Error(`metric family ${name} is written twice`)
      this.#names.add(name)
    }
    this.#text += page.#text
  }

  /** Names of the families so far. */
  get names(): ReadonlySet<string> {
    return this.#names
  }

  get text(): string {
    return this.#text
  }
}

/** `device="vda",mode="idle"`: what stands between the braces. */
export function formatLabels(labels: Readonly<Record<string, string>>): string {
  let text = ''
  for (const name in labels) text += `${text === '' ? '' : ','}${labelPair(name, labels[name])}`
  return text
}
