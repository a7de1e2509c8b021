import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseYamlTree } from '../base/yaml-tree.ts'
import { otherFileKind } from './file-kind.ts'

test('files of others are known by what stands in them', () => {
  const check = (text: string, want: string | undefined) => assert.equal(otherFileKind(text, parseYamlTree(text).root), want, text)
  check('apiVersion: apps/v1\nkind: Deployment\n', 'a Kubernetes manifest (Deployment)')
  check('{"panels": [], "schemaVersion": 42}', 'a dashboard of Grafana')
  check('tls_server_config: {}\n', 'a web configuration file')
  check('- targets: [a]\n', 'a file of target groups, as file_sd_configs reads it')
  check('- source_labels: [a]\n', 'a list of relabel steps')
  check('- a\n', 'a list')
  check('resource "aws_instance" "p" {\n  ami = "x"\n}\n', 'a Terraform configuration (HCL)')
  check('global\n    maxconn 100\nfrontend web\n    bind :80\nbackend app\n    server a 10.0.0.1:80\n', 'a configuration of HAProxy')
  check('upstream p {\n  server a:9090;\n}\n', 'a configuration of nginx')
  check('#!/bin/sh\nexit 0\n', 'a script')
  check('[Unit]\nDescription = x\n', 'a list')
  check('some: thing\n', undefined)
})
