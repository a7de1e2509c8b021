import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './program.ts'

/** A copy of a directory of examples, in which servers listen on other ports, and everything happens every second. */
export function copyExamples(name: string, to: string, ports: Readonly<Record<number, number>>, files: readonly string[]): void {
  cpSync(join(ROOT, 'examples', name), to, { recursive: true })
  for (const file of files) {
    const text = readFileSync(join(to, file), 'utf8')
      .replaceAll(/localhost:(\d+)/g, (_, port: string) => `127.0.0.1:${ports[Number(port)] ?? port}`)
      .replaceAll(/(\w+_interval): \d+s/g, '$1: 1s')
    writeFileSync(join(to, file), text.includes('scrape_interval') ? text : `global: {scrape_interval: 1s}\n${text}`)
  }
}
