// promtool for many inputs at once: a process takes longer to start than to check.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Verdict } from './judges.ts'

const FILES_AT_ONCE = 250

/** What `promtool check config` says of each of the files, without looking at what they name. */
export async function checkConfigs(promtool: string, texts: readonly string[]): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = []
  for (let begin = 0; begin < texts.length; begin += FILES_AT_ONCE) {
    const directory = mkdtempSync(join(tmpdir(), 'promontory-promtool-'))
    try {
      const paths = texts.slice(begin, begin + FILES_AT_ONCE).map((text, index) => {
        const path = join(directory, `${index}.yml`)
        writeFileSync(path, text)
        return path
      })
      const { stdout, stderr } = await output(promtool, ['check', 'config', '--syntax-only', ...paths])
      const failures = stderr.split(/^ {2}FAILED: /m).slice(1)
      let failed = 0
      for (const path of paths) {
        const good = stdout.includes(` SUCCESS: ${path} is valid`)
        verdicts.push({ good, text: good ? '' : (failures[failed++] ?? stderr).trim() })
      }
      if (failed !== failures.length)
        throw new Error(`promtool refused ${failures.length} files and took all but ${failed}: ${stderr.slice(0, 500)}`)
    } finally {
      rmSync(directory, { recursive: true })
    }
  }
  return verdicts
}

export function output(
  command: string,
  args: readonly string[],
  cwd?: string,
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd })
  const texts = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8')
    child[name].on('data', (part: string) => {
      texts[name] += part
    })
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', () => resolve(texts))
  })
}
