package httpv1

// Stream is the stream of a run as it is sent.
var Stream = (*API).stream
