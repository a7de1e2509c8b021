import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LabelNames } from './label-name.ts'

function nameOf(attribute: string, rules: Partial<ConstructorParameters<typeof LabelNames>[0]> = {}): string {
  try {
    return new LabelNames({ allowUtf8: false, prefixUnderscore: true, keepUnderscores: true, ...rules }).of(attribute)
  } catch (error) {
    return (error as Error).message
  }
}

// Facts: prometheus/otlptranslator, label_namer_test.go.
test('names of attributes become names of labels', () => {
  const check = (attribute: string, want: string, rules = {}) => assert.equal(nameOf(attribute, rules), want, attribute)
  check('http.method', 'http_method')
  check('label:with:colons', 'label_with_colons')
  check('LabelWithCapitalLetters', 'LabelWithCapitalLetters')
  check('label!with&special$chars)', 'label_with_special_chars_')
  check('123label', 'key_123label')
  check('_label_starting_with_underscores', 'key_label_starting_with_underscores')
  check('_label', '_label', { prefixUnderscore: false })
  check('__label_starting_with_2underscores', '__label_starting_with_2underscores')
  check('a..b', 'a__b')
  check('a..b__c', 'a_b_c', { keepUnderscores: false })
  check('__a..b__', '__a_b__', { keepUnderscores: false })
  check('__label', 'key_label', { keepUnderscores: false })
  check('ü', 'normalization for label name "ü" resulted in invalid name "_"', { prefixUnderscore: false })
  check('', 'label name is empty')
  check('http.größe', 'http.größe', { allowUtf8: true })
  check('__', 'label name "__" contains only underscores', { allowUtf8: true })
})
