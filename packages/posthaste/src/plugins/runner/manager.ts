/** Answers for a manager: what its settings mean, and what it wants next. */
import { ConsultedCourse, type ManagerPlugin } from "@posthaste/core";
import { failure } from "./answers.ts";
import type { PluginPeer } from "./main.ts";

/** Courses kept so that they need not run over what came before. The one not asked about for longest goes first. */
const keptCourses = 1000;

export function answerForManager(plugin: ManagerPlugin, peer: PluginPeer): void {
	const courses = new Map<string, ConsultedCourse>();
	peer.answer("judge", ({ settings }) => ({
		allows: plugin.allows(settings),
		complaints: plugin.check?.(settings) ?? [],
	}));
	peer.answer("next", ({ delivery, context, past }) => {
		const course = courses.get(delivery) ?? new ConsultedCourse(plugin, context);
		courses.delete(delivery);
		try {
			const effect = course.next(past);
			if (effect !== null) {
				keep(courses, delivery, course);
			}
			return { effect };
		} catch (error) {
			throw failure(error);
		}
	});
}

function keep(courses: Map<string, ConsultedCourse>, delivery: string, course: ConsultedCourse): void {
	courses.set(delivery, course);
	const [oldest] = courses.keys();
	if (courses.size > keptCourses && oldest !== undefined) {
		courses.delete(oldest);
	}
}
