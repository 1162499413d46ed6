// Package clients drives what oapi-codegen makes from docs/api/openapi.json. It
// is a module of its own, so that the product does not depend on it.
package clients

//go:generate go tool oapi-codegen -config oapi-codegen.yaml ../../../docs/api/openapi.json
