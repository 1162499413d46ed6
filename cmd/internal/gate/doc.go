// Package gate runs an evaluation on a server and tells whether it passed, for
// pipelines that must not let a worse agent through. It is a client of the HTTP
// API and knows nothing else of the server.
package gate
