// Put the exam (standard input) to Node's JWT libraries; print one line of JSON per refusal.
import { createRequire } from 'node:module'
import { createPublicKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import * as jose from 'jose'

const require = createRequire(import.meta.url)
const jsonwebtoken = require('jsonwebtoken')
const jwksRsa = require('jwks-rsa')
const { createVerifier } = require('fast-jwt')
const { auth, requiredScopes } = require('express-oauth2-jwt-bearer')
const { expressjwt } = require('express-jwt')
const passportJwt = require('passport-jwt')
const hapiJwt = require('@hapi/jwt')
const jwtSimple = require('jwt-simple')
const koaJwt = require('koa-jwt')
const njwt = require('njwt')
const { JwtVerifier } = require('aws-jwt-verify')

const paper = JSON.parse(readFileSync(0, 'utf8'))
const algorithms = ['RS256']
const { issuer, audience, pem, required } = paper

const libraries = [
  ['jsonwebtoken', ['token'], byJsonwebtoken],
  ['jose', ['token'], byJose],
  ['jose', ['keys'], byRemoteJose],
  ['fast-jwt', ['token'], byFastJwt],
  ['jwks-rsa', ['keys'], byJwksRsa],
  ['express-jwt', ['header', 'token'], byExpressJwt],
  ['express-oauth2-jwt-bearer', ['header', 'token', 'keys', 'scope'], byJwtBearer],
  ['passport-jwt', ['header'], byPassport],
  ['koa-jwt', ['header', 'token'], byKoa],
  ['@hapi/jwt', ['token'], byHapi],
  ['jwt-simple', ['token'], byJwtSimple],
  ['njwt', ['token'], byNjwt],
  ['aws-jwt-verify', ['token'], byAws],
]

async function byJsonwebtoken({ token, leeway_s }) {
  jsonwebtoken.verify(token, pem, { algorithms, issuer, audience, clockTolerance: leeway_s })
}

const localKeys = jose.createLocalJWKSet(paper.jwks)
const wanted = { algorithms, issuer, audience, requiredClaims: required }

async function byJose({ token, leeway_s }) {
  await jose.jwtVerify(token, localKeys, { ...wanted, clockTolerance: leeway_s })
}

async function byRemoteJose({ token, keys_url }) {
  const keys = jose.createRemoteJWKSet(new URL(keys_url), { timeoutDuration: 2000 })
  await jose.jwtVerify(token, keys, wanted)
}

async function byFastJwt({ token, leeway_s }) {
  const key = createPublicKey(pem).export({ type: 'spki', format: 'pem' })
  const verify = createVerifier({
    key, algorithms, allowedIss: issuer, allowedAud: audience, requiredClaims: required, clockTolerance: leeway_s * 1000,
  })
  verify(token)
}

async function byJwksRsa({ token, keys_url }) {
  const { header } = jsonwebtoken.decode(token, { complete: true })
  await jwksRsa({ jwksUri: keys_url, timeout: 2000 }).getSigningKey(header.kid)
}

// Web middleware is run on a bare request; what it hands to the next in line is its error.
function byExpress(middleware) {
  return ({ authorization }) => new Promise((resolve, reject) => {
    const headers = { host: 'api.example', ...(authorization === null ? {} : { authorization }) }
    const request = { headers, query: {}, is: () => false, method: 'GET', url: '/', originalUrl: '/', protocol: 'https', get: (name) => headers[name.toLowerCase()] }
    const answer = middleware(request, {}, (error) => (error ? reject(error) : resolve()))
    Promise.resolve(answer).catch(reject)
  })
}

async function byExpressJwt(question) {
  await byExpress(expressjwt({ secret: pem, algorithms, audience, issuer }))(question)
}

async function byJwtBearer(question) {
  const verify = auth({ issuer, audience, jwksUri: question.keys_url, tokenSigningAlg: 'RS256', timeoutDuration: 2000 })
  const scoped = (request, answer, next) => verify(request, answer, (error) => (error ? next(error) : requiredScopes('ledger.write')(request, answer, next)))
  await byExpress(question.about === 'scope' ? scoped : verify)(question)
}

function byPassport({ authorization }) {
  return new Promise((resolve, reject) => {
    const fromHeader = passportJwt.ExtractJwt.fromAuthHeaderAsBearerToken()
    const strategy = new passportJwt.Strategy({ jwtFromRequest: fromHeader, secretOrKey: pem }, (payload, done) => done(null, payload))
    Object.assign(strategy, { fail: reject, error: reject, success: resolve })
    strategy.authenticate({ headers: authorization === null ? {} : { authorization } }, {})
  })
}

async function byKoa({ authorization }) {
  const middleware = koaJwt({ secret: pem, algorithms, audience, issuer, debug: true })
  const refuse = (status, message, error) => { throw Object.assign(new Error(error?.originalError?.message ?? message), { status }) }
  const headers = authorization === null ? {} : { authorization }
  await middleware({ header: headers, headers, state: {}, throw: refuse, cookies: { get: () => undefined } }, () => Promise.resolve())
}

function byHapi({ token, leeway_s }) {
  const artifacts = hapiJwt.token.decode(token)
  hapiJwt.token.verify(artifacts, { key: pem, algorithms }, { aud: audience, iss: issuer, sub: false, timeSkewSec: leeway_s })
}

function byJwtSimple({ token }) {
  jwtSimple.decode(token, pem, false, 'RS256')
}

function byNjwt({ token }) {
  njwt.createVerifier().setSigningAlgorithm('RS256').setSigningKey(pem).verify(token)
}

async function byAws({ token, leeway_s }) {
  const verifier = JwtVerifier.create({ issuer, audience, jwksUri: 'https://issuer.example/keys', graceSeconds: leeway_s })
  verifier.cacheJwks(paper.jwks)
  verifier.verifySync(token)
}

function versionOf(library) {
  return JSON.parse(readFileSync(new URL(`node_modules/${library}/package.json`, import.meta.url), 'utf8')).version
}

for (const [library, about, judge] of libraries) {
  const version = versionOf(library)
  for (const question of paper.situations.filter((one) => about.includes(one.about))) {
    try {
      await judge(question)
    } catch (error) {
      const text = String(error.message)
      console.log(JSON.stringify({ library, version, situation: question.name, error: error.code ?? error.name, text }))
    }
  }
}
