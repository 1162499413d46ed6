// Package httpv1 is the chat module's part of the V1 API.
package httpv1

import (
	"slices"

	"parley/modules/chat/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/web"
)

// API has the handlers.
type API struct{ service *core.Service }

// New returns the handlers over the use cases.
func New(s *core.Service) *API { return &API{service: s} }

// Routes are the module's operations.
func (a *API) Routes() []web.Route {
	// Nobody but the asker is anything to an answer or a thread, whatever their
	// level, unless a content grant lets them view it: such a read is audited.
	answer := web.On(actor.Answer, "agent_response_id", web.View)
	run := web.On(actor.Agent, "agent_id", web.Run).And(web.On(actor.Thread, "chat_thread_id", web.Edit).IfSent())
	return slices.Concat(a.grantRoutes(), a.feedbackRoutes(), a.answeredRoutes(), web.Group("Chat",
		web.POST("/api/agent/{agent_id}/response", "Run Chat", a.run,
			run,
			web.Refuses(429),
			web.Message(created),
			web.Long(),
			web.IdempotentByHandler(),
			web.Streams[eventView](),
		),
		web.POST("/api/agent/{agent_id}/response/stream", "Run Chat, Streamed", a.runStreamed,
			run,
			web.Refuses(429),
			web.Message(created),
			web.Long(),
			web.IdempotentByHandler(),
			web.Streams[eventView](),
		),
		web.GET("/api/agent-response/{agent_response_id}", "Get Agent Response", a.response,
			answer,
			web.Message("Agent Response retrieved successfully."),
			web.Audited(),
		),
		web.GET("/api/agent-response/{agent_response_id}/events", "Follow Agent Response", a.events,
			answer,
			web.Streams[eventView](),
			web.Long(),
			web.Audited(),
		),
		web.POST("/api/agent-response/{agent_response_id}/cancel", "Cancel Agent Response", a.cancel,
			web.On(actor.Answer, "agent_response_id", web.Edit),
			web.Message("Agent Response cancelled."),
		),
		web.GET("/api/agent-response/{agent_response_id}/thoughts", "Get Thought Process", a.thoughts,
			answer,
			web.Message("Thought process retrieved successfully."),
			web.Audited(),
		),
		web.GET("/api/agent-response/{agent_response_id}/supporting-content", "Get Supporting Content", a.support,
			answer,
			web.Message("Supporting content retrieved successfully."),
			web.Audited(),
		),
		web.POST("/api/agent/{agent_id}/chat-thread", "Create Agent Chat", a.createThread,
			web.On(actor.Agent, "agent_id", web.View),
			web.Created(),
			web.Message("Chat Thread created successfully."),
		),
		web.GET("/api/agent/{agent_id}/chat-thread", "Get All Agent Threads", a.threads,
			web.On(actor.Agent, "agent_id", web.View).And(web.On(actor.ContentGrant, "content_grant_id", web.Run).IfSent()).
				Note("one's own threads, or those that the content grant opens"),
			web.Message("Chat Threads retrieved successfully."),
			web.Audited(),
		),
		web.POST("/api/chat-thread/{chat_thread_id}/corpus/{corpus_id}", "Attach Corpus to Chat Thread", a.attach,
			web.On(actor.Thread, "chat_thread_id", web.Edit).And(web.On(actor.Corpus, "corpus_id", web.View)),
			web.Created(),
			web.Message("Corpus attached successfully."),
		),
		web.GET("/api/chat-thread/{chat_thread_id}", "Get Chat Thread", a.thread,
			web.On(actor.Thread, "chat_thread_id", web.View),
			web.Message("Chat Thread retrieved successfully."),
			web.Audited(),
		),
	))
}

// created is what Run Chat says, and what its response object repeats.
const created = "Agent Response Created Successfully."
