import assert from 'node:assert/strict'
import { test } from 'node:test'
import { escapeHost, escapePath, escapeQuery } from './url-escape.ts'

test('texts are escaped for the part of a URL that they go to, as Go does it', () => {
  const check = (escaped: (text: string) => string, text: string, want: string) => assert.equal(escaped(text), want)
  check(escapeQuery, 'up{job="a"} > 1', 'up%7Bjob%3D%22a%22%7D+%3E+1')
  check(escapeQuery, "a/b?c#d!'()*~", 'a%2Fb%3Fc%23d%21%27%28%29%2A~')
  check(escapeQuery, 'é+', '%C3%A9%2B')
  check(escapePath, "/a b/c?d#e$&+,:;=@!'", '/a%20b/c%3Fd%23e$&+,:;=@%21%27')
  check(escapeHost, 'host name:9093', 'host%20name:9093')
  check(escapeHost, '[::1]:9093', '[::1]:9093')
})
