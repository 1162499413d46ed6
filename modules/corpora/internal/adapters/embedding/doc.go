// Package embedding asks a server that speaks OpenAI's protocol what an
// embedding model makes of texts: POST /embeddings.
package embedding
