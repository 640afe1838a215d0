"""Headings of language, speech, retrieval and music."""

TABLE = """
    Machine Translation: machine translation, translation quality, neural translation, literary translation, LLM
      translation, simultaneous translation
    Multilingual NLP: multilingual, low-resource language, cross-lingual, language + African, language + Indic, Arabic,
      multilingual LLM, code-switching, Hindi, Bengali, Urdu, Swahili, Vietnamese, Indonesian
    Low-Resource Languages: low-resource language, under-resourced language, endangered language, African language,
      Indic language, indigenous language, low-resource + language
    Arabic NLP: Arabic
    Question Answering: question answering, QA dataset, multi-hop question, open-domain question
    Retrieval-Augmented Generation: retrieval-augmented, RAG, GraphRAG
    Information Retrieval: information retrieval, dense retrieval, reranking, passage retrieval, document retrieval,
      query expansion, text embedding, retriever, re-ranking, query rewriting, search engine
    Text Embeddings: text embedding, sentence embedding, embedding model, semantic textual similarity, word embedding
    Deep Research and Search Agents: deep research, search agent, web search, agentic search, browsing agent, research
      agent, deep search, BrowseComp
    Recommender Systems: recommender system, recommendation, collaborative filtering, sequential recommendation,
      click-through rate
    Summarization: summarization, summarisation, abstractive summary, summary generation
    Sentiment and Emotion Analysis: sentiment analysis, emotion recognition, emotion detection, aspect-based sentiment,
      sentiment, emotional intelligence, emotion + text
    Multimodal Emotion Recognition: emotion recognition, multimodal sentiment, multimodal emotion
    Hate Speech and Online Harm: hate speech, toxicity, toxic content, offensive language, content moderation,
      cyberbullying, harmful content, online harm, abusive language, misogyny
    Misinformation and Fact-Checking: misinformation, fact-checking, fake news, fact verification, claim verification,
      disinformation, propaganda, rumor detection, fact checking, check-worthiness
    Social Media Analysis: social media, tweet, Twitter, Reddit, online community, user posts
    Political Text and Opinion: political, election, stance detection, ideology, parliamentary, polarization, public
      opinion, partisan
    Bias and Fairness in Language Models: social bias, gender bias, stereotype, LLM + fairness, language model + bias,
      demographic bias, political bias, cultural bias
    Cultural Alignment and Values: cultural, human values, moral, cultural knowledge, cultural alignment, pluralistic
    Moral Reasoning and Values: moral reasoning, human values, value alignment, ethical dilemma, moral judgment
    LLM Safety: LLM safety, jailbreak, safety alignment, harmful prompts, red teaming, guardrail, refusal, harmful
      request, prompt injection, red-teaming, harmful + LLM, adversarial prompts
    Jailbreak Attacks and Defenses: jailbreak, jailbreaking, adversarial prompts, red teaming, red-teaming
    Prompt Injection and Agent Security: prompt injection, agent security, tool poisoning, indirect prompt injection,
      agent + attack
    LLM Alignment: preference optimization, RLHF, DPO, human preferences, reward model, preference learning, preference
      alignment, alignment + LLM, direct preference optimization, reinforcement learning from human feedback
    Reward Models: reward model, reward modeling, process reward, generative reward, reward hacking
    Reinforcement Learning for LLM Reasoning: GRPO, RLVR, verifiable rewards, policy optimization + reasoning,
      reinforcement learning + LLM + reasoning, reinforcement learning + large language model, RL + LLM, group relative
      policy optimization
    LLM Reasoning: LLM + reasoning, chain-of-thought, reasoning model, large reasoning model, language model +
      reasoning, test-time scaling, test-time compute, reasoning trace, reasoning chain
    Efficient Reasoning: overthinking, efficient reasoning, concise reasoning, reasoning length, thinking budget, long
      chain-of-thought, reasoning + token cost, reasoning efficiency, adaptive thinking
    Test-Time Scaling: test-time scaling, test-time compute, inference-time scaling, best-of-N, self-consistency
    Mathematical Reasoning: mathematical reasoning, math problem, math reasoning, GSM8K, MATH benchmark, mathematics,
      olympiad
    Theorem Proving: theorem proving, Lean 4, formal proof, autoformalization, formal verification, proof assistant,
      Isabelle, Lean, formal mathematics
    Logical and Commonsense Reasoning: logical reasoning, commonsense, deductive, first-order logic, syllogism,
      inductive reasoning, abductive
    Causal Reasoning with LLMs: causal reasoning, causal + LLM, counterfactual reasoning
    Theory of Mind and Social Reasoning: theory of mind, social reasoning, social intelligence, mental state
    LLM Agents: LLM agent, language agent, LLM-based agent, autonomous agent, agentic, agent framework, tool use, agent
      + LLM
    Multi-Agent LLM Systems: multi-agent + LLM, multi-agent system, multi-agent collaboration, multi-agent framework,
      multi-agent debate, agents collaborate
    Tool Use: tool use, tool calling, function calling, tool learning, tool-use, MCP, model context protocol, tool
      invocation
    GUI Agents: GUI agent, GUI, graphical user interface, web agent, computer use, mobile agent, computer-use, GUI
      grounding, web navigation
    Agent Memory: agent memory, long-term memory, memory system, memory + agent, memory-augmented
    Agent Evaluation and Benchmarks: agent + benchmark, agent evaluation
    Code Generation: code generation, program synthesis, code LLM, coding agent, code model, HumanEval, SWE-bench,
      competitive programming, code completion, code repair, software engineering + LLM, issue resolution
    Software Engineering: software engineering, bug, code review, unit test, software development, program repair,
      vulnerability detection, software testing, repository-level, source code
    Text-to-SQL and Databases: text-to-SQL, SQL, database, NL2SQL
    Table Understanding: table question answering, tabular, table reasoning, table understanding, tables
    Long-Context Language Models: long-context, context window, context length, context extension, long context, long
      sequence
    KV Cache Compression: KV cache, key-value cache, KV
    Efficient LLM Inference: KV cache, LLM inference, LLM serving, speculative decoding, inference acceleration,
      inference latency + LLM, quantization + LLM, early exit, throughput + LLM, efficient inference
    Speculative Decoding: speculative decoding, draft model, speculative
    LLM Quantization and Compression: LLM quantization, quantization + LLM, post-training quantization, weight
      quantization, LLM pruning, pruning + LLM, LLM compression, low-bit, model compression + language model,
      quantization + language model
    Sparse and Linear Attention: sparse attention, linear attention, efficient attention, attention mechanism +
      complexity, state space model, Mamba
    Mixture of Experts: mixture of experts, MoE, expert routing, mixture-of-experts
    Diffusion Language Models: diffusion language model, masked diffusion, discrete diffusion, diffusion LLM, dLLM,
      diffusion large language model
    LLM Pre-Training: pretraining + LLM, pretraining data, LLM pretraining, scaling law, training corpus, data mixture,
      language model pretraining
    Training Data for Language Models: data selection, pretraining data, instruction data, synthetic data + LLM, data
      mixture, data curation, data filtering
    Instruction Tuning: instruction tuning, supervised fine-tuning, instruction following, instruction-following, SFT,
      instruction fine-tuning
    Parameter-Efficient Fine-Tuning: parameter-efficient, LoRA, low-rank adaptation, PEFT, adapter, finetuning +
      adapter
    In-Context Learning: in-context learning, few-shot prompting, demonstration selection, in-context example
    Prompt Engineering: prompt engineering, prompt optimization, prompt design, prompting strategy
    LLM Evaluation: LLM evaluation, LLM-as-a-judge, LLM judge, evaluation benchmark + LLM, benchmark + LLM, benchmark
      contamination, automatic evaluation, evaluation of LLMs, evaluating LLMs, evaluating large language models
    LLM-as-a-Judge: LLM-as-a-judge, LLM judge, LLM-as-judge, automatic evaluation, judge model
    Hallucination in LLMs: hallucination + LLM, hallucination detection, hallucination, factuality, faithfulness
    Uncertainty and Calibration in LLMs: uncertainty + LLM, calibration + LLM, confidence estimation, uncertainty
      quantification + language model, confidence calibration, verbalized confidence
    Knowledge Editing and Unlearning: knowledge editing, model editing, machine unlearning, unlearning, knowledge +
      edit
    Knowledge Graphs: knowledge graph, knowledge graph completion, link prediction, entity alignment, knowledge base,
      ontology
    Information Extraction: information extraction, named entity, relation extraction, event extraction, entity
      recognition, entity linking, NER, keyphrase extraction
    Named Entity Recognition: named entity, NER, entity recognition
    Text Classification: text classification, topic modeling, document classification, topic model, intent
      classification
    Topic Modeling: topic modeling, topic model, LDA
    Dialogue Systems: dialogue, conversational agent, chatbot, task-oriented dialogue, conversation, multi-turn
      conversation, conversational
    Role-Play and Personas: role-playing, persona, role-play, character role, personality, role playing
    Personalization of LLMs: personalization + LLM, personalized LLM, user preference + LLM, LLM personalization,
      personalized + language model
    User Simulation and Social Simulation: social simulation, user simulation, user simulator, agent-based simulation,
      generative agent, simulated user, human simulation
    Human-AI Collaboration: human-AI, human-AI collaboration, AI assistance, human-AI interaction, human-AI team,
      co-creation
    Persuasion and Argumentation: argument mining, persuasion, argumentation, debate, persuasive
    Creative Writing and Storytelling: story generation, creative writing, storytelling, narrative, poetry, creativity,
      novel writing, humor, fiction
    Figurative Language and Humor: metaphor, sarcasm, irony, humor, idiom, figurative, joke, meme
    Detection of AI-Generated Text: AI-generated text, machine-generated text, LLM-generated text, authorship,
      watermarking + text, text watermark, watermark + LLM
    Watermarking: watermark, watermarking
    Education and Tutoring: education, student + course, student + university, student + school, student + classroom,
      tutoring, teacher + school, teacher + classroom, essay scoring, learner, classroom, educational, grading,
      automated essay
    Legal NLP: legal, law, court, legal judgment, statute, contract, judicial
    Finance and Economics: financial, finance, stock, trading, investor, banking, economic, cryptocurrency
    Clinical and Medical Language Models: medical LLM, clinical LLM, clinical + LLM, patient + LLM, medical + LLM,
      healthcare + LLM, diagnosis + LLM, electronic health record + LLM, clinical note, medical question answering,
      clinical text, biomedical + LLM
    Mental Health: mental health, depression, counseling, psychotherapy, suicide, psychological, therapy, therapist
    Biomedical Text Mining: biomedical text, biomedical literature, PubMed, biomedical + entity, biomedical NLP
    Scientific Literature and Peer Review: scientific paper, peer review, citation, literature review, scientific
      literature, scholarly, scientific document, scientific publication
    AI for Scientific Discovery: scientific discovery, AI scientist, hypothesis generation, automated research,
      research idea, scientific research + agent, AI for science
    Linguistics and Grammar: linguistic, syntax, syntactic, grammar, morphology, dependency parsing, morphological,
      phonology, treebank, semantics + linguistic, psycholinguistic, grammatical
    Lexical Semantics: word sense, lexical semantic, semantic change, word meaning, lexicon
    Psycholinguistics and Human Language: psycholinguistic, human reading, surprisal, language acquisition, eye
      tracking + reading
    Tokenization: tokenization, tokenizer, subword, byte-level, BPE
    Language Model Interpretability: mechanistic interpretability, sparse autoencoder, attention head, circuit,
      activation steering, probing, steering vector, internal representation, interpretability + LLM, residual stream,
      interpretability + language model, hidden state, neuron + transformer, layer-wise + LLM, layerwise,
      superposition, attribution + LLM, representation + LLM + layer
    Grammatical Error Correction: grammatical error, error correction, spelling correction
    Text Simplification and Style: text simplification, text style transfer, paraphrase, readability, style transfer +
      text
    Digital Humanities and Historical Texts: historical text, digital humanities, ancient, historical document,
      archival, manuscript, literary, classical Chinese, Latin text
    News and Journalism: news article, news media, news recommendation, fake news, journalism, newspaper, headline,
      journalist
    Speech Recognition: speech recognition, ASR + speech, Whisper + speech, speech transcription, word error rate
    Speech Synthesis: speech synthesis, text-to-speech, TTS + speech, voice cloning, voice conversion, zero-shot TTS
    Spoken Language Models: speech language model, spoken dialogue, speech LLM, spoken language model, full-duplex,
      speech-to-speech, audio language model, voice assistant, spoken conversation, large audio language model, audio
      LLM, speech large language model
    Speech Processing: speech, speaker, spoken, speech translation, acoustic, speech enhancement, speech representation
    Speech Emotion Recognition: speech emotion, emotional speech, vocal emotion
    Audio Understanding and Generation: audio, sound generation, sound effect, sound recognition, text-to-audio, audio
      generation, audio captioning, sound event, audio event
    Music: music, musical, singing, song, melody, lyrics
    Lexical and Cultural Knowledge of LLMs: cultural knowledge, culture + LLM, cultural + LLM
    Opinion and Survey Simulation: survey response, opinion + LLM, public opinion, silicon sampling, survey + human
      respondent
    Cognitive Modeling with LLMs: cognitive model, human cognition, cognitive science, psychology + LLM, human behavior
      + LLM, cognitive bias, human-like + LLM
    Knowledge Distillation of LLMs: knowledge distillation + LLM, distillation + LLM, distillation + language model
    Model Merging: model merging, task arithmetic, merged model, merging + model
    LLM Routing and Ensembles: LLM routing, router + LLM, model routing, LLM ensemble, model selection + LLM, model
      cascade
    Federated and Private Language Models: federated + LLM, privacy + LLM, private + language model, memorization + LLM
    Privacy and Memorization in LLMs: privacy + LLM, memorization, membership inference + LLM, PII, data leakage,
      training data extraction
    Structured Generation and Parsing: structured output, constrained decoding, semantic parsing, JSON, structured
      generation
    Decoding and Text Generation: decoding strategy, text generation, decoding method, contrastive decoding, sampling +
      text generation, decoding + language model
    Customer Service and Industry LLMs: customer service, customer support, e-commerce, enterprise
    E-Commerce: e-commerce, product search, shopping, online shopping
    Language Model Games and Strategy: game + LLM, board game, negotiation, strategic reasoning, Werewolf, game-playing
      + LLM, chess
"""
