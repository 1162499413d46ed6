// Package openapi makes the OpenAPI 3.1 document of the API and the page that
// shows it.
//
// It knows an operation only as a value of type Operation. The schemas in it
// are made by huma from Go types, once in Schemas: platform/web checks
// requests with them, and the document shows them under the names that
// clients read, so what is checked and what is described can't differ.
package openapi
