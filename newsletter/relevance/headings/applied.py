"""Headings of robotics, systems, software and the other engineering fields."""

TABLE = """
    Robot Learning: robot learning, robot policy, robotic, robot, embodied agent, embodied AI, robotics
    Robot Manipulation: robot manipulation, robotic manipulation, manipulation task, grasping, dexterous, grasp,
      bimanual, manipulation policy
    Vision-Language-Action Models: vision-language-action, VLA, VLA model
    Embodied AI and Navigation: embodied navigation, vision-and-language navigation, object navigation, embodied AI,
      navigation, embodied agent, VLN, vision-language navigation
    Embodied Agents: embodied agent, embodied AI, embodied task, embodied planning, embodied intelligence, embodied
      reasoning
    Legged and Humanoid Robots: humanoid, legged robot, quadruped, locomotion, whole-body control
    Motion Planning and Control: motion planning, model predictive control, trajectory optimization, path planning,
      robot control, controller, collision avoidance
    Control Systems: control system, controller, control theory, stability + control, model predictive control,
      nonlinear system, feedback control, control barrier
    Human-Robot Interaction: human-robot interaction, human-robot, social robot, human-robot collaboration
    Multi-Robot Systems: multi-robot, robot swarm, robot team, UAV swarm
    Unmanned Aerial Vehicles: UAV, drone, unmanned aerial vehicle, quadrotor
    Traffic and Transportation: traffic, transportation, mobility, traffic signal, traffic flow, vehicle routing,
      public transport, travel
    Urban Computing and Mobility: urban, human mobility, city, street view, trajectory data, spatio-temporal
      prediction, points of interest
    Power Systems and Energy: power grid, power system, energy system, electricity, battery, smart grid, renewable,
      solar, wind power, energy storage, microgrid
    Buildings and Construction: building + construction, construction site, construction industry, BIM, HVAC, civil
      engineering, architecture design
    Wireless Networks and Communications: wireless, 6G, 5G, channel estimation, MIMO, telecommunication, communication
      network, semantic communication, base station, beamforming
    Radar and Signal Processing: radar, signal processing, compressed sensing, array processing, waveform, WiFi
      sensing, mmWave
    Internet of Things and Edge Computing: IoT, Internet of Things, edge computing, smart home, edge device
    Wearables and Human Activity Sensing: wearable, human activity recognition, accelerometer, IMU, sensor data,
      smartwatch, inertial
    Human-Computer Interaction: user study, user interface, human-computer interaction, participants, usability, user
      experience, interaction design
    Virtual and Augmented Reality: virtual reality, augmented reality, mixed reality, VR, extended reality, XR
    Accessibility: accessibility, blind, visually impaired, low vision, disability, assistive technology, autism
    Data Visualization: data visualization, visual analytics, visualization + chart, information visualization
    Network and Systems Security: malware, intrusion detection, cybersecurity, network security, cyber, phishing,
      threat intelligence, penetration testing
    Cryptography and Blockchain: blockchain, smart contract, cryptography, encryption, zero-knowledge, cryptographic
    Software Vulnerabilities: vulnerability detection, software vulnerability, code vulnerability, fuzzing, exploit
      generation
    Hardware and Chip Design: hardware design, chip design, Verilog, RTL, EDA, circuit design, accelerator, VLSI,
      electronic design automation, analog circuit
    Compilers and High-Performance Computing: compiler, high-performance computing, CUDA, GPU kernel, HPC, kernel
      generation
    Data Management: data management, database, query optimization, data lake, data integration, data cleaning, entity
      resolution
    Data Science Agents and Analytics: data science, data analysis + agent, data analytics, Kaggle, machine learning
      engineering, data agent
    Workflow and Process Automation: workflow automation, business process, process mining, workflow generation,
      agentic workflow, robotic process automation
    Manufacturing and Industry: manufacturing, industrial, production line, predictive maintenance, industry 4.0,
      digital twin, supply chain
    Supply Chains and Logistics: supply chain, freight, last-mile, inventory, warehouse
    Fault Diagnosis and Maintenance: fault diagnosis, predictive maintenance, remaining useful life, fault detection,
      prognostics
    Aerospace and Space: spacecraft, satellite + orbit, aerospace, space mission, aviation, aircraft, air traffic,
      flight
    Maritime Applications: maritime, ship, vessel + sea, seaport
    Agriculture: agriculture, agricultural, crop, farming, farmer, plant disease, livestock
    Disaster Response: disaster, flood, earthquake, wildfire, emergency, humanitarian, hurricane, damage assessment
    Military and Defense: military, defense + warfare, battlefield
    Advertising and Marketing: advertising, marketing, ad creative, advertiser, sponsored
    Games: video game, game design, game playing, gameplay, Minecraft, chess, board game, game engine, game content,
      procedural content
    Search Engines and Web: search engine, web page, web crawl, generative engine, web content, HTML
    Quantum Computing: quantum computing, quantum circuit, qubit, quantum machine learning, quantum
    Public Sector and Government: public sector, government, public service, public administration, policy-making
    Human Resources and Hiring: resume, hiring, job + recruitment, recruitment, job matching, occupation
    Tourism and Travel: tourism, travel planning, itinerary, trip planning
    Insurance and Risk: insurance, credit risk, fraud detection, credit scoring, fraud
    Audio Signal Processing: audio signal, source separation, speech enhancement, room acoustics, sound event
    Crowds and Pedestrians: crowd, pedestrian
    Benchmarks and Evaluation Methods: evaluation methodology, benchmark validity, leaderboard, evaluation protocol,
      psychometrics, item response theory
"""
