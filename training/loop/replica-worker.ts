/** A worker with one replica: answers each request with one reply. */
import { parentPort, workerData } from 'node:worker_threads';
import { startBackend, type TrainingBackend } from '../backend/index';
import type { Recipe } from '../models/recipe';
import type { TaughtDataset } from './live-teacher';
import { messageOf } from '../lib/errors';
import { createSharedAllReduce, type AllReduceMemory } from './all-reduce';
import { findModel, withRecipe } from '../models/index';
import { Replica, type EvaluationSums, type StepReport } from './replica';
import type { State } from './state';

export interface ReplicaSetup {
	readonly backend: TrainingBackend;
	readonly model: string;
	readonly recipe: Recipe;
	readonly labels: number;
	readonly dataset: TaughtDataset;
	readonly rows: Uint32Array;
	readonly memory: AllReduceMemory;
	readonly replica: number;
}

export type ReplicaRequest =
	| { readonly type: 'run'; readonly from: number; readonly to: number }
	| { readonly type: 'evaluate'; readonly rows: Uint32Array }
	| { readonly type: 'snapshot' }
	| { readonly type: 'restore'; readonly state: State };

export type ReplicaReply =
	| { readonly type: 'started' }
	| { readonly type: 'step'; readonly report: StepReport }
	| { readonly type: 'done'; readonly result: number | EvaluationSums | State | undefined }
	| { readonly type: 'failed'; readonly message: string };

async function serve(setup: ReplicaSetup, reply: (message: ReplicaReply) => void): Promise<Replica> {
	await startBackend(setup.backend);
	const allReduce = createSharedAllReduce(setup.memory, setup.replica);
	const definition = withRecipe(findModel(setup.model), setup.recipe);
	const replica = new Replica(definition, setup.recipe, setup.labels, setup.dataset, setup.rows, allReduce);
	reply({ type: 'started' });
	return replica;
}

async function answer(
	replica: Replica,
	request: ReplicaRequest,
	onStep: (report: StepReport) => void
): Promise<number | EvaluationSums | State | undefined> {
	switch (request.type) {
		case 'run':
			return replica.run(request.from, request.to, onStep);
		case 'evaluate':
			return replica.evaluate(request.rows);
		case 'snapshot':
			return replica.weights.snapshot();
		case 'restore':
			replica.weights.restore(request.state);
			return undefined;
	}
}

const port = parentPort;
if (port) {
	const reply = (message: ReplicaReply): void => {
		port.postMessage(message);
	};
	const fail = (thrown: unknown): void => {
		reply({ type: 'failed', message: messageOf(thrown) });
	};
	const starting = serve(workerData as ReplicaSetup, reply);
	starting.catch(fail);
	port.on('message', (request: ReplicaRequest) => {
		starting
			.then((replica) =>
				answer(replica, request, (report) => {
					reply({ type: 'step', report });
				})
			)
			.then((result) => {
				reply({ type: 'done', result });
			})
			.catch(fail);
	});
}
