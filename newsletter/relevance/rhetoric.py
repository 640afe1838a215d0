"""Words that abstracts are written with rather than about: never part of a topic's label."""

from newsletter.relevance.words import fold


def _folded(text: str) -> frozenset[str]:
    return frozenset(fold(word) for word in text.split())


RHETORIC = _folded(
    """
    ability able absence abstract accelerate accompanied accordingly account achieve achieved achievement achieving
    acquire across act actually adapt add added addition additional address addressed addressing adopt adopted advance
    advanced advancement advantage affect aim aimed alleviate allow allowing alternative amount analyze analyse analyzing
    apply applied applying application approach appropriate arbitrary argue arise arising art article ask aspect assess
    assessing assume attain attempt attempting attract author available average avoid aware
    bad based baseline begin behave best better big boost brief bring bridge bridging broad broader build building built
    call called capability capable capture capturing careful carry case category cause caused causing central certain
    challenge challenging change characterize choice choose circumstance claim clear clearly close combination combine
    combined combining come common commonly compare compared comparable comparing comparison compelling competitive
    complete complex complexity component comprehensive comprise concept concern conclude conclusion concretely condition
    conduct conducted conducting consider considerable considered considering consist consistent consistently constitute
    construct constructed constructing contain contribute contribution conventional convenient core correspond
    corresponding cost cover create created creating critical crucial current currently cutting
    deal decrease dedicated deep deeper define defined degrade degradation deliver demand demonstrate demonstrated
    demonstrating demonstration depend depending derive derived describe described design designed designing desired
    despite detail detailed determine develop developed developing development devise differ difference different
    difficult difficulty direct directly discover discuss discussed distinct diverse diversity do drawback drive driven
    due dynamic
    early ease easily easy edge effect effective effectively effectiveness efficiency efficient efficiently effort either
    element elicit eliminate emerge emerged emerging emphasize empirical empirically employ employed employing empower
    enable enabled enabling encounter encourage end enhance enhanced enhancement enhancing enormous ensure ensuring
    entire equip equipped essential establish established estimate evaluate evaluated evaluating evaluation evidence
    evident evolving examine examining example excellent exceed exceptional excessive exhibit exhibiting exist existing
    expand expensive experiment experimental explain explicit explicitly exploit exploiting explore explored exploring
    extend extended extending extensive extensively extent extra extract
    facilitate facilitating fact factor fail failing failure fall far fast faster favor feasible feature few fewer field
    figure fill final finally find finding fine first five flexibility flexible focus focusing follow followed following
    form formulate formulated formulation forward found foundational four framework frequently full fully fundamental
    further furthermore future
    gain gap general generally generate generated generating get give given giving go goal good great greater greatly
    group grow growing growth guarantee guide guided guiding
    handle handling hard harder harness heavily help helpful hence high higher highest highlight highlighting highly hinder
    hold huge hypothesis
    idea ideal identify identified identifying illustrate impact impactful implement implementation implication implicit
    importance important importantly impose impressive improve improved improvement improving include included including
    incorporate incorporating increase increased increasing increasingly indicate indicating individual inform inherent
    initial innovative input insight inspire inspired instance integral integrate integrated integrating integration intend
    interest interesting introduce introduced introducing introduction intuitive investigate investigated investigating
    investigation involve involving issue item
    joint jointly
    keep key kind know knowing known
    lack lacking large larger largely largest last late latest later lead leading learn learned leave led less let level
    leverage leveraged leveraging lie like likely limit limitation limited limiting literature little long look low lower
    lowest
    main mainly maintain maintained maintaining major make making manner many match maximum mean meaningful means measure
    measured measuring mechanism meet merely method methodological methodology minimal minimize minimum minor mitigate
    mitigating model-agnostic modern modest module moreover motivate motivated multiple must
    naive naturally nature near necessarily necessary necessitate need needed new newly next normal notable notably note
    novel novelty number numerical numerous
    objective observe observed observation obtain obtained obtaining occur offer offered offering official one ongoing
    open operate opportunity optimal option order original outcome outline outperform outperformed outperforming output
    outstanding overall overcome overlook overlooked overview
    paper paradigm paramount part partial particular particularly past pave peer perform performance performed performing
    perspective pilot pipeline pivotal place play plausible point poor popular pose positive possess possible possibility
    potential potentially powerful practical practice practitioner precise precisely preliminary present presented
    presenting preserve preserving prevailing prevent previous previously primarily primary principal principled prior
    problem procedure process processing produce produced producing profound progress prohibitive prominent promise
    promising promote prone proper property propose proposed proposing prove proven provide provided providing public
    publicly purpose pursue push put
    qualitative qualitatively quantify quantitative quantitatively question quick quickly quite
    raise range rapid rapidly rarely rate reach reaching real reason recent recently recognize record reduce reduced reducing
    reduction refer regarding regardless related relation relationship relative relatively relevant reliable reliability
    rely reliance relying remain remaining remarkable remarkably remove render report reported reporting represent
    representing represented require required requirement requires requiring research researcher resolve resource respect
    respective respectively response result resulting retain return reveal revealed revealing review revisit rich rigorous
    rise robust robustness role roughly run running
    safe sake satisfactory satisfy say scalable scale scaling scenario scheme scope second see seek seen select selected
    self-contained serve seven severe share shared sharing shed short shortcoming show showcase showcasing shown
    significant significantly similar similarly simple simpler simplicity simplify simply simultaneously single six small
    smaller so-called solely solution solve solved solving sought source special specific specifically stage standard
    start state state-of-the-art step strategy strength strengthen strive strong stronger struggle struggling studied
    study studying substantial substantially suboptimal succeed success successful successfully suffer suffering
    sufficient suggest suggested suggesting suitable summarize superior superiority support supported supporting
    surpass surpassing surprising surprisingly survey systematic systematically
    tackle tackling tailored take taken taking technical technique tend term test tested testing therein thing thorough
    thousand three time timely today tool total toward traditional transform trade tremendous trend true try trying
    turn twofold two typical typically
    ubiquitous ultimate ultimately unable uncover underexplored underlying underscore understand understood understudied
    unexplored unify unified unifying unique universal unlike unlock unprecedented usage use used useful user-friendly
    using usual usually utilize utilise utilized utilizing utility
    vague valid validate validated validating validation valuable value variant variety various vary varying vast
    verify version versatile versatility vital
    want way weakness well wide widely widespread widest wish work working workshop world worse worth
    yield yielding zero
    code codes github available dataset-specific open-source open-sourced url project page release released releasing demo
    real-world large-scale high-quality end-to-end well-established cost-effective low-cost long-standing long-term
    data-driven task-specific domain-specific domain so-far cutting-edge
    """
)
"""Folded; a phrase ends where one of these stands."""

BROAD = _folded(
    """
    accuracy agent algorithm analysis architecture behavior benchmark context control data dataset detection distribution
    domain environment error function generation human image information knowledge language learner learning llm
    machine metric ml model modeling network neural object optimization parameter pattern planning policy prediction
    prompt quality query reasoning recognition representation sample scene score search sequence set setting signal space
    structure system target task text token training understanding user variable vision ai dl sota inference label loss
    limitation computation decision feedback strategy baseline experience evidence guidance behavior
    """
)
"""Good within a phrase, too broad to be a label alone."""

NOUNS = _folded(
    """
    retrieval survival signal proposal appraisal removal arrival trial manual logic music topic metric traffic magic
    fabric critic generic clinic graphic physic robotic heuristic diagnostic semantic acoustic linguistic economic
    ethic genomic mathematic electronic optic statistic mechanic dynamic analytic topic characteristic feed seed speed
    embed weed tweet vehicle table variable cable timetable agent content document segment sentiment argument experiment
    environment moment movement placement alignment assessment event patient gradient descent component talent current
    management entertainment deployment judgment judgement treatment attachment adjustment refinement enhancement consent
    intent accident coefficient student client quotient orient improvement measurement requirement government
    engagement investment recruitment development arrangement displacement momentum equipment plant restaurant participant
    consultant assistant variant mutant determinant invariant quadrant pollutant library dictionary glossary summary
    boundary vocabulary commentary itinerary adversary secretary diary salary test forest interest request contest
    harvest hospital animal journal terminal goal material crystal capital thermal portal tutorial potential credential
    differential interval rational festival arsenal mineral metal pedal dial spiral neural-retrieval archive narrative
    objective perspective initiative representative alternative adjective directive incentive additive derivative
    drive dive hive motive reward backward forward
    speech-to-text attention
    """
)
"""Nouns that end like adjectives."""

NOT_LAST = _folded(
    """
    many-body multimodal multilingual bilingual monolingual visual neural deep cross-lingual zero-shot few-shot one-shot
    in-context long-context on-device low-resource low-rank open-vocabulary fine-grained coarse-grained closed-loop
    self-supervised unsupervised supervised semi-supervised open-ended open-world open-domain latent sparse dense stochastic
    human-like human-centric vision-language video-language time large-language text-based image-based model-based
    model-free training-free real-time long-horizon multi-turn single-turn multi-step multi-view multi-scale multi-task
    high-dimensional high-resolution low-light small-scale long-form short-form text-to-image text-to-video image-to-video
    text-to-speech text-driven audio-visual linear nonlinear quantum adversarial causal
    automated automatic autonomous interactive synthetic artificial virtual physical mobile online offline static
    temporal spatial spatio-temporal spatiotemporal personalized distributed decentralized federated hybrid global local
    pretrained pre-trained finetuned fine-tuned large-scale 2d 3d 4d high-fidelity post higher-order
    vision-language-action text-guided egocentric photorealistic realistic controllable verifiable
    multi modal-aware non pre semi cross inter intra self meta sub super trans
    learn train predict compute align adapt detect segment generate plan edit retrieve reconstruct classify
    """
) - _folded("segment plan")
"""Words that want a noun after them: a phrase does not end with one."""
