import assert from 'node:assert/strict'
import { test } from 'node:test'
import { alertOf, NOW, requestOf } from '../../test/support/receiver-bench.ts'
import { virtualEnv } from '../base/env-virtual.ts'
import { notificationOf } from './notification-of.ts'
import { loadTemplates, type TemplateLibrary } from './template-library.ts'

const DATA = notificationOf(
  requestOf([alertOf({ alertname: 'High', job: 'a', zone: 'z' }), alertOf({ alertname: 'High', job: 'b', zone: 'z' })]),
  'http://am',
)

async function library(files: Readonly<Record<string, string>>): Promise<TemplateLibrary> {
  const env = virtualEnv({ startTime: NOW })
  await env.fs.mkdir('/t')
  for (const [name, text] of Object.entries(files)) await env.fs.writeFile(`/t/${name}`, text)
  return await loadTemplates(env, ['/t/*.tmpl', '/none/*.tmpl'])
}

test('texts call the default templates, those of files and those of their own', async () => {
  const templates = await library({ 'a.tmpl': '{{ define "mine" }}<{{ template "__subject" . }}>{{ end }}file {{ .Status }}' })
  const check = (text: string, want: string) => assert.equal(templates.text(text, DATA), want, text)
  check('', '')
  check('plain', 'plain')
  check('{{ template "slack.default.title" . }}', '[FIRING:2] High (z)')
  check('{{ template "mine" . }}', '<[FIRING:2] High (z)>')
  check('{{ template "a.tmpl" . }}', 'file firing')
  check('{{ define "x" }}1{{ end }}{{ template "x" }}', '1')
  check('{{ define "__subject" }}other{{ end }}{{ template "mine" . }}', '<other>')
  check('{{ template "mine" . }}', '<[FIRING:2] High (z)>')
})

test('a later definition takes the place of an earlier one, unless it is empty', async () => {
  const templates = await library({
    'a.tmpl': '{{ define "one" }}a{{ end }}{{ define "two" }}a{{ end }}{{ define "__subject" }}mine{{ end }}',
    'b.tmpl': '{{ define "one" }}b{{ end }}{{ define "two" }} {{ end }}',
  })
  assert.equal(templates.text('{{ template "one" }}{{ template "two" }}{{ template "email.default.subject" . }}', DATA), 'bamine')
})

test('errors are upstream’s', async () => {
  const check = async (text: string, want: string) => {
    const templates = await library({})
    assert.throws(() => templates.text(text, DATA), { message: want })
  }
  await check('{{ template "none" . }}', 'template: :1:12: executing "" at <{{template "none" .}}>: template "none" not defined')
  await check('{{ .None }}', 'template: :1:3: executing "" at <.None>: can\'t evaluate field None in type template.Data')
  await check('{{ define "a" }}x{{ end }}{{ define "a" }}y{{ end }}', 'template: :1: template: multiple definition of template "a"')
  await assert.rejects(library({ 'bad.tmpl': 'a\n{{ if }}' }), { message: 'template: bad.tmpl:2: missing value for if' })
})

test('a template of a hostile hand is stopped', async () => {
  const templates = await library({})
  const check = (text: string, want: RegExp) => assert.throws(() => templates.text(text, DATA), want, text)
  check('{{ range 1000000000000 }}{{ end }}', /took more than \d+ steps/)
  check('{{ define "a" }}{{ template "a" }}{{ end }}{{ template "a" }}', /exceeded maximum template depth/)
  check('{{ $x := "x" }}{{ range 60 }}{{ $x = print $x $x }}{{ end }}{{ $x }}', /made (more than|a value of more than) \d+ characters/)
  // Zones are slow to ask for, and what asks for them took 2 GB.
  check('{{ range 1000000 }}{{ tz "Europe/Berlin" now | date "15:04 MST" }}{{ end }}', /took more than \d+ steps/)
  check('{{ $t := tz "Asia/Tokyo" now }}{{ range 1000000 }}{{ $t }}{{ $t.Format "MST" }}{{ end }}', /took more than \d+ steps/)
  check('{{ readFile "/etc/passwd" }}', /function "readFile" not defined/)
})
