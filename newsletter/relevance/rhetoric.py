"""Words that abstracts are written with rather than about: never part of a topic's label."""

from newsletter.relevance.words import fold


def _folded(text: str) -> frozenset[str]:
    return frozenset(" ".join(fold(part) for part in word.split("-")) for word in text.split())


RHETORIC = _folded(
    """
    ability able absence abstract accelerate accompanied accordingly account achieve achieved achievement achieving
    acquire across act actually adapt add added addition additional address addressed addressing adopt adopted again
    ahead apart advance advanced advancement advantage affect aim aimed alleviate allow allowing alternative amount
    analyse analyze analyzing application applied apply applying approach appropriate arbitrary argue arise arising
    art article ask aspect assess assessing assume attain attempt attempting attract author available average avoid
    aware aside away back bad based baseline begin behave best better beyond big boost bridge bridging brief bring
    broad broader build building built call called capability capable capture capturing careful carry case category
    cause caused causing central certain challenge challenging change characterize choice choose circumstance claim
    clear clearly close combination combine combined combining come common commonly comparable compare compared
    comparing comparison compelling competitive complete complex complexity component comprehensive comprise concept
    concern conclude conclusion concretely condition conduct conducted conducting consider considerable considered
    considering consist consistent consistently constitute construct constructed constructing contain contribute
    contribution convenient conventional core correspond corresponding cost cost-effective cover create created
    creating critical crucial current currently cutting cutting-edge data-driven dataset-specific deal decrease
    dedicated deep deeper define defined degradation degrade deliver demand demo demonstrate demonstrated
    demonstrating demonstration depend depending derive derived describe described design designed designing desired
    despite detail detailed determine develop developed developing development devise differ difference different
    difficult difficulty direct directly discover discuss discussed distinct diverse diversity do domain-specific
    drawback drive driven due dynamic early ease easily easy effect effective effectively effectiveness efficiency
    efficient efficiently effort either element elicit eliminate emerge emerged emerging emphasize empirical
    empirically employ employed employing empower enable enabled enabling encounter encourage end end-to-end enhance
    enhanced enhancement enhancing enormous ensure ensuring entire equip equipped essential establish established
    estimate evaluate evaluated evaluating evaluation evidence evident evolving examine examining example exceed
    excellent exceptional excessive exhibit exhibiting exist existing expand expensive experiment experimental
    explain explicit explicitly exploit exploiting explore explored exploring extend extended extending extensive
    extensively extent extra extract facilitate facilitating fact factor fail failing failure fall far fast faster
    favor feasible feature few fewer field figure fill final finally find finding fine first five flexibility
    flexible focus focusing follow followed following form formulate formulated formulation forward found
    foundational four framework frequently full fully fundamental further furthermore future gain gap general
    generally generate generated generating get github give given giving go goal good great greater greatly grow
    growing growth guarantee half guide guided guiding handle handling hard harder harness heavily help helpful
    hence hidden high high-quality higher highest highlight highlighting highly hinder hold huge idea ideal
    identified identify identifying illustrate impact impactful implement implementation implication implicit
    importance important importantly impose impressive improve improved improvement improving include included
    including incorporate incorporating increase increased increasing increasingly indicate indicating individual
    induce inform inherent initial innovative input insight inspire inspired instance integral integrate integrated
    integrating integration intend interest interesting introduce introduced introducing introduction intuitive
    investigate investigated investigating investigation involve involving issue joint jointly keep key kind know
    knowing known lack lacking large large-scale largely larger largest last late later latest lead leading learn
    learned leave led less let level leverage leveraged leveraging lie like likely limit limitation limited limiting
    literature little long-standing long-term look low low-cost lower lowest main mainly maintain maintained
    maintaining major make making manner many match maximum mean meaningful means measure measured measuring
    mechanism meet merely method methodological methodology minimal minimize minimum minor mitigate mitigating
    model-agnostic modern modest module moreover motivate motivated multiple must naive naturally nature near
    necessarily necessary necessitate need needed new newly next normal notable notably note novel novelty number
    numerical numerous objective observation observe observed obtain obtained obtaining occur offer offered offering
    official one ongoing open open-source open-sourced operate opportunity optimal option order original outcome
    outline outperform outperformed outperforming output outstanding overall overcome overhead overlook overlooked
    overview page paper paradigm paramount part partial particular particularly past pave peer perform performance
    performed performing perspective pilot pipeline pivotal place plausible play point poor popular pose positive
    possess possibility possible potential potentially powerful practical practice practitioner precise precisely
    preliminary present presented presenting preserve preserving prevailing prevent previous previously primarily
    primary principal principled prior problem procedure produce produced producing profound progress prohibitive
    project prominent promise promising promote prone proper property propose proposed proposing prove proven
    provide provided providing public publicly purpose pursue push put qualitative qualitatively quantify
    quantitative quantitatively quick quickly quite raise range rapid rapidly rarely reach reaching ready real
    real-world reason recent recently recognize reduce reduced reducing reduction refer regarding regardless related
    relationship relative relatively release released releasing relevant reliability reliable reliance rely relying
    remain remaining remarkable remarkably remove render report reported reporting represent represented
    representing require required requirement requires requiring research researcher resolve resource respect
    respective respectively response result resulting retain rethink rethinking return reveal revealed revealing
    review revisit rich rigorous rise robust role roughly run running safe sake satisfactory satisfy say scalable
    scale scenario scheme scope second see seek seen select selected self-contained serve seven severe share shared
    sharing shed short shortcoming show showcase showcasing shown significant significantly similar similarly simple
    simpler simplicity simplify simply simultaneously single six small smaller so-called so-far solely solution
    solve solved solving sought source special specific specifically stage standard start state-of-the-art step
    strategy strength strengthen strive strong stronger struggle struggling studied study studying suboptimal
    substantial substantially succeed success successful successfully suffer suffering sufficient suggest suggested
    suggesting suitable summarize superior superiority support supported supporting surpass surpassing surprising
    surprisingly survey systematic systematically tackle tackling tailored take taken taking task-specific technical
    technique tend term tested testing therein thing think thorough thousand three timely today total toward towards
    trade traditional transform tremendous trend true try trying turn two twofold typical typically ubiquitous
    ultimate ultimately unable uncover underexplored underlying underscore understand understood understudied
    unexplored unified unify unifying unique universal unlike unlock unprecedented url usage use used useful
    user-friendly using usual usually utilise utility utilize utilized utilizing vague valid validate validated
    validating validation valuable value variant variety various vary varying vast verify versatile versatility
    version vital want way weakness well well-established wide widely widespread widest wish work working workshop
    world worse worth yield yielding zero
    """
)
"""Folded; a phrase ends where one of these stands."""

BROAD = _folded(
    """
    accuracy action agent ai algorithm answer alignment analysis architecture attention behavior benchmark bias
    block code computation context control data dataset decision deep detection distribution dl domain edge
    environment error feedback finetuning foundation function generation group guidance human hypothesis image
    inference information instruction item knowledge label labels language law learner learning length line llm long
    loss machine map metric ml model modeling multi-task network neural noise object objects optimization parameter
    parameters pattern perception person planning platform policy prediction pretraining prior process processing
    product prompt quality query question rate reasoning recognition record regime relation representation sample
    sampling scaling scene score search semantic sequence series set setting signal size sota space state structure
    system target task test text time token tool training understanding unit update user variable video view vision
    web weights world writing
    """
)
"""Good within a phrase, too broad to be a label alone."""

NOUNS = _folded(
    """
    accident acoustic additive adjective adjustment adversary agent alignment alternative analytic animal appraisal
    archive argument arrangement arrival arsenal assessment assistant attachment attention backward boundary cable
    capital characteristic client clinic coefficient commentary component consent consultant content contest
    credential critic crystal current deployment derivative descent determinant development diagnostic dial diary
    dictionary differential directive displacement dive document drive dynamic economic electronic embed engagement
    enhancement entertainment environment equipment ethic event experiment fabric feed festival forest forward
    generic genomic glossary goal government gradient graphic harvest heuristic hive hospital improvement incentive
    initiative intent interest interval invariant investment itinerary journal judgement judgment library linguistic
    logic magic management manual material mathematic measurement mechanic metal metric mineral moment momentum
    motive movement music mutant narrative neural-retrieval objective optic orient participant patient pedal
    perspective physic placement plant pollutant portal potential proposal quadrant quotient rational recruitment
    refinement removal representative request requirement restaurant retrieval reward robotic salary secretary seed
    segment semantic sentiment signal speech-to-text speed spiral statistic student summary survival table talent
    terminal test thermal timetable topic traffic treatment trial tutorial tweet variable variant vehicle vocabulary
    weed
    """
)
"""Nouns that end like adjectives."""

NOT_LAST = _folded(
    """
    2d 3d 4d adapt adversarial align artificial audio-visual automated automatic autonomous bilingual causal
    classify closed-loop coarse-grained compute controllable cross cross-lingual decentralized deep dense detect
    distributed edit egocentric federated few-shot fine-grained fine-tuned finetuned generate global
    high-dimensional high-fidelity high-resolution higher-order human-centric human-like hybrid image-based
    image-to-video in-context inter interactive intra large-language large-scale latent learn linear local
    long-context long-form long-horizon low-light low-rank low-resource many-body meta mobile modal-aware
    model-based model-free monolingual multi multi-scale multi-step multi-task multi-turn multi-view multilingual
    multimodal neural non nonlinear offline on-device one-shot online open-domain open-ended open-vocabulary
    open-world personalized photorealistic physical plan post pre pre-trained predict pretrained quantum real-time
    realistic reconstruct retrieve segment self self-supervised semi semi-supervised short-form single-turn
    small-scale sparse spatial spatio-temporal spatiotemporal static stochastic sub super supervised synthetic
    temporal text-based text-driven text-guided text-to-image text-to-speech text-to-video time train training-free
    trans unsupervised verifiable video-language virtual vision-language vision-language-action visual zero-shot
    """
) - _folded("segment plan")
"""Words that want a noun after them: a phrase does not end with one."""

BARE = _folded(
    """
    base-model baseline-model classification-dataset clean-data code-dataset color-space comparative-analysis
    computation-overhead computation-time computer-vision context-window coordinate-system data-distribution
    data-point data-sample data-set demographic-group downstream-task edge-device embedding-space expert-group
    final-answer foundation-model frontier-model generation-model generation-quality global-context ground-truth
    human-annotator human-expert image-quality inference-speed inference-time input-data input-image input-token
    internal-representation language-model language-task large-margin latent-space learning-model learning-process
    learning-rate learning-task model-architecture model-behavior model-output model-parameter model-size
    model-training model-weight moving-picture moving-picture-expert multimodal-dataset named-entity neural-network
    open-model output-token pareto-frontier picture-expert proprietary-model question-token reasoning-process
    reasoning-step reasoning-task reference-image reward-signal semantic-information source-domain state-art
    target-domain test-set test-time time-step token-sequence training-data training-dataset training-process
    training-sample training-set training-time training-token user-intent user-query user-study vision-task
    visual-information
    """
)
"""Pairs that every field uses: no heading either."""

FALLBACK = _folded(
    """
    agent alignment benchmark code dataset detection foundation-model image-quality language-model llm
    neural-network optimization planning prompt reasoning recognition text training-data understanding video vision
    """
)
"""Broad, yet a heading where most of a group holds it and nothing better tells it from the rest."""
