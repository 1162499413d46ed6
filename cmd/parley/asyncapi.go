package main

import _ "embed" // of the document below

// asyncAPI describes the events that leave the server. A test makes it of the
// types of the events.
//
//go:embed asyncapi.json
var asyncAPI []byte
