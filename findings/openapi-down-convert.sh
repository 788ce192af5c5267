#!/usr/bin/env bash
# Guess: a converter from OpenAPI 3.1 to 3.0 makes 3.0 of what it labels 3.0.3, and fails where it cannot.
# Behaviour: it exits with 0 and leaves much of 3.1 where it was: exclusiveMinimum as a number, {type: 'null'} in a oneOf, a type
#   list of three, const: null. And a default that looks like a date gains a time: 2026-11-01 goes out as midnight UTC.
# Hurts: whoever brings a document down for a 3.0 generator: it stops at lines that the vendor never wrote.
# Instead: check the result against the 3.0 schema, quote dates before converting, and fix the rest by hand.
. "$(dirname "$0")/lib.sh"
node_with @apiture/openapi-down-convert@0.14.2 @seriousme/openapi-schema-validator@2.11.0
cat >vendor.yml <<'YAML'
openapi: 3.1.0
info: {title: Log, version: '1'}
paths:
  /log:
    get:
      parameters:
        - {name: page, in: query, schema: {type: integer, exclusiveMinimum: 0}}
        - {name: since, in: query, schema: {type: string, default: 2026-11-01}}
      responses:
        '200':
          description: ok
          content:
            application/json:
              schema:
                type: object
                properties:
                  severity: {type: [string, 'null']}
                  message: {oneOf: [{type: string}, {type: 'null'}]}
                  code: {type: [string, integer, 'null']}
YAML
node_modules/.bin/openapi-down-convert -i vendor.yml -o out.yml >convert.log 2>&1
code=$?
cat >check.mjs <<'JS'
import { Validator } from '@seriousme/openapi-schema-validator'
const result = await new Validator().validate(process.argv[2])
console.log(`valid: ${result.valid}`)
JS
seen=$(
  echo "exit code $code, $(head -n 1 out.yml), $(node check.mjs out.yml)"
  grep -oE "exclusiveMinimum: .*|default: .*" out.yml
  echo "'null' left: $(grep -c "'null'" out.yml), nullable: $(grep -c 'nullable: true' out.yml)"
  echo "the vendor's, $(node check.mjs vendor.yml)"
)
verdict '@apiture/openapi-down-convert 0.14.2 (npm)' 'a valid 3.0.3 document with the default 2026-11-01, or a failure' "exit code 0, openapi: 3.0.3, valid: false
exclusiveMinimum: 0
default: 2026-11-01T00:00:00.000Z
'null' left: 2, nullable: 1
the vendor's, valid: true" "$seen"
