import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { tidy } from './tidy.ts'

function faultsOf(files: Readonly<Record<string, string>>): string[] {
  const root = mkdtempSync(join(tmpdir(), 'tidy-'))
  try {
    for (const [path, text] of Object.entries({ 'src/base/env-virtual.ts': '', 'src/storage/memory-source.ts': '', ...files })) {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), text)
    }
    return tidy(root)
  } finally {
    rmSync(root, { recursive: true })
  }
}

test('tidy finds what does not belong', () => {
  const check = (files: Record<string, string>, want: readonly string[]) => assert.deepEqual(faultsOf(files), want)
  const main = "import './base/a.ts'\nimport './promql/a.ts'\n"
  check({ 'src/main.ts': main, 'src/base/a.ts': '', 'src/promql/a.ts': "import '../base/a.ts'\n" }, [])
  check({ 'src/main.ts': main, 'src/base/a.ts': "import type { X } from '../promql/a.ts'\n", 'src/promql/a.ts': '' }, [
    'src/base/a.ts:1: base may not import promql (src/promql/a.ts)',
  ])
  check({ 'src/main.ts': main, 'src/base/a.ts': 'const t = Date.now()\n// Date.now() in a comment\n', 'src/promql/a.ts': '' }, [
    'src/base/a.ts:1: reaches for the clock: take env.clock',
  ])
  check({ 'src/main.ts': main, 'src/base/a.ts': "import { readFile } from 'node:fs/promises'\n", 'src/promql/a.ts': '' }, [
    'src/base/a.ts:1: imports node:fs/promises: take env',
  ])
  check({ 'src/main.ts': main, 'src/base/a.ts': "import './b.ts'\n", 'src/base/b.ts': "import './a.ts'\n", 'src/promql/a.ts': '' }, [
    'cycle: src/base/a.ts -> src/base/b.ts -> src/base/a.ts',
  ])
  check(
    {
      'src/main.ts': main,
      'src/base/a.ts': '',
      'src/promql/a.ts': '',
      'src/base/dead.ts': '',
      'src/base/dead.test.ts': "import './dead.ts'\n",
    },
    ['src/base/dead.ts: nothing but tests reaches it'],
  )
  check({ 'src/main.ts': `${main}import './extra/a.ts'\n`, 'src/base/a.ts': '', 'src/promql/a.ts': '', 'src/extra/a.ts': '' }, [
    'src/extra: is not in the import table of tools/tidy.ts',
  ])
  check({ 'src/main.ts': main, 'src/base/a.ts': '', 'src/promql/a.ts': '', 'ui/src/a.ts': "import { x } from '../../src/base/a.ts'\n" }, [
    'ui/src/a.ts:1: ui may import types of src/api/types only (src/base/a.ts)',
  ])
})
